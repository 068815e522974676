/** Pictures of the console's pages on data that is made up, because the main job leaves nothing to see on them: `node test/console-pictures.ts`. */
import { takePictures } from "../dev/console/pictures.ts";
import { aStory, consoleUnderTest, shopData } from "./testing/console-under-test.ts";

// Who draws them is in the corner of each, and is not to be the user of a machine.
process.env["SLUICE_ACTOR"] = "operator";
const shown = await consoleUnderTest(await shopData());
try {
  await takePictures(shown.address(), [
    { name: "letters", path: "/letters", shows: "text=WRONG_RECORD", height: 620 },
    {
      name: "letter",
      path: "/letters/coupon-issuing/record/coupon-issue/0/4230",
      shows: "text=Bytes, 42",
      height: 720,
    },
    { name: "plan", path: "/plan", shows: "text=what is new is green", height: 1_000 },
    { name: "story", path: `/story/${aStory.story.subject.id}`, shows: "text=contradicts itself", height: 780 },
  ]);
} finally {
  await shown.close();
}
