/** Learning for whoever looks at a topic from its beginning: a bound on questions is waited out, and is no answer. */
import { systemClock } from "../clock.ts";
import type { Decoder } from "./codec.ts";
import type { Learned } from "./learn.ts";

/** Between two looks whether a question may be asked, ms: some ten are allowed in that time. */
const turnMs = 50;

/** As {@link Decoder.learn}, once it may be asked: with 1,500 unknown ids in a topic that takes some 6 s in all. Never throws. */
export const learnInTurn = async (
  decoder: Pick<Decoder<unknown>, "learn">,
  id: number,
): Promise<Exclude<Learned, "postponed">> => {
  for (;;) {
    const learned = await decoder.learn(id);
    if (learned !== "postponed") return learned;
    await systemClock.sleep(turnMs);
  }
};
