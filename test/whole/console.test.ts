/** Every page of the console in a browser: opened, used, read by whoever does not see, and asking nobody else for anything. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { noBrowser, openBrowser } from "../../dev/console/browser.ts";
import { actorOf } from "../../engine/app/deploying/open.ts";
import { type LogFields, silentLogger } from "../../engine/logger.ts";
import { assertAccessible, openPage, type Sight, sights } from "../testing/browser.ts";
import { aStory, type ConsoleUnderTest, consoleUnderTest, shopData } from "../testing/console-under-test.ts";
import { shopLetters } from "../testing/shop-letters.ts";

let browser: Browser;
let shown: ConsoleUnderTest;
const letters = shopLetters();
const actor = actorOf(process.env);
before(async () => {
  if (noBrowser !== false) return;
  browser = await openBrowser();
  shown = await consoleUnderTest(await shopData({ letters }));
});
after(async () => {
  await browser?.close();
  await shown?.close();
});

/** Registers a test in a browser that is logged in. */
const inBrowser = (
  what: string,
  body: (page: Page) => Promise<void>,
  sight: Sight = wide,
  expected: readonly string[] = [],
): void => {
  test(`console: ${what}`, { skip: noBrowser }, async () => {
    const { page, complaints, close } = await openPage(browser, sight, shown.url);
    try {
      await page.goto(shown.address());
      await page.waitForSelector("h1");
      await body(page);
      assert.deepEqual(complaints, expected);
    } finally {
      await close();
    }
  });
};
const wide: Sight = { width: 1_280, colours: "light" };

/** Each page, and what is on it when it is there. */
const pages: Readonly<Record<string, string>> = {
  "/": "text=12 open",
  "/health": "text=looked at",
  "/letters": "text=WRONG_RECORD",
  "/letters/transaction-history": "text=No record was set aside",
  "/letters/coupon-issuing/cause/3f9a1c77e0b24d5a9f00": "text=the first 4 of 14",
  "/letters/coupon-issuing/record/coupon-issue/0/4230": "text=Bytes, 42",
  "/codes/WRONG_RECORD": "text=breaks a rule of its topic",
  "/plan": "text=what is new is green",
  "/story": "text=What became of one",
  [`/story/${aStory.story.subject.id}`]: "text=contradicts itself",
};

for (const sight of sights)
  inBrowser(
    `shows every page without fault when it is ${sight.width} px wide and ${sight.colours}`,
    async (page) => {
      for (const [path, shows] of Object.entries(pages)) {
        await page.goto(`${shown.url}${path}`);
        await page.waitForSelector(shows);
        await assertAccessible(page);
        const width = await page.evaluate<number>("document.documentElement.scrollWidth");
        assert.ok(width <= sight.width, `${path} is ${width} px wide`);
      }
    },
    sight,
  );

inBrowser("shows records a second on arrows, and what waits, when a burst is decided", async (page) => {
  await page.waitForSelector("text=/12,4\\d\\d\\/s/");
  await page.waitForSelector("svg text.moving");
  await page.waitForSelector("svg text:text-matches('^3,2[0-9]+/s, 1,016 in flight$')");
  await page.click("text=external-data");
  await page.waitForSelector("text=/64 calls of write data-platform for platform/");
  await page.waitForSelector("svg text:text-matches('^waits for platform, ')");
  assert.equal(new URL(page.url()).pathname, "/live/external-data");
  await page.goBack();
  await page.waitForSelector("section h2:text-is('coupon-issuing')");
});

inBrowser(
  "replays letters after their plan, a reason and the typed name, and says what it did, when an operator asks",
  async (page) => {
    await page.goto(`${shown.url}/letters/coupon-issuing/cause/3f9a1c77e0b24d5a9f00`);
    await page.fill("#replay-canary", "3");
    await page.click("button:text-is('Plan')");
    await page.waitForSelector("text=2 of the coupons are sold out by now");
    await page.click("text=Replay 11 letters…");
    const submit = page.locator("button:text-is('Replay 11 letters')");
    await page.fill("form.confirm input >> nth=0", "the schema is there");
    await page.fill("form.confirm input >> nth=1", "coupon");
    assert.equal(await submit.isDisabled(), true);
    await page.fill("form.confirm input >> nth=1", "coupon-issuing");
    await assertAccessible(page);
    await submit.click();
    await page.waitForSelector("text=Replays");
    assert.deepEqual(letters.done, [`replay coupon-issuing 11 by ${actor}: the schema is there`]);
  },
);

inBrowser("pauses a replay that is at work when an operator asks", async (page) => {
  letters.done.length = 0;
  await page.goto(`${shown.url}/letters/coupon-issuing`);
  await page.click("text=Pause 6b2f1e90…");
  await page.fill("form.confirm input >> nth=0", "lunch");
  await page.fill("form.confirm input >> nth=1", "coupon-issuing");
  await page.click("button:text-is('Pause 6b2f1e90')");
  await page.waitForSelector("text=It pauses.");
  assert.deepEqual(letters.done, [`paused coupon-issuing 6b2f1e90 by ${actor}: lunch`]);
});

inBrowser("goes on with a replay that was paused when an operator asks", async (page) => {
  letters.done.length = 0;
  await page.goto(`${shown.url}/letters/coupon-issuing`);
  await page.click("text=Resume 4c80d1f7…");
  await page.fill("form.confirm input >> nth=0", "lunch is over");
  await page.fill("form.confirm input >> nth=1", "coupon-issuing");
  await assertAccessible(page);
  await page.click("button:text-is('Resume 4c80d1f7')");
  await page.waitForSelector("text=It goes on.");
  assert.deepEqual(letters.done, [`resume coupon-issuing 4c80d1f7 by ${actor}: lunch is over`]);
});

inBrowser("tells the story of what is searched, at an address that can be linked to", async (page) => {
  const { id } = aStory.story.subject;
  await page.goto(`${shown.url}/story`);
  await page.fill("#story-id", ` ${id}`);
  await page.selectOption("#story-as", "reservation");
  await page.keyboard.press("Enter");
  await page.click("text=Tell");
  await page.waitForSelector("text=asks for summer-1127101455");
  assert.equal(page.url(), `${shown.url}/story/${id}?as=reservation`);
  const link = page.locator("a:text-is('coupon-issued/3/1610')");
  assert.equal(await link.getAttribute("href"), "/story/coupon-issued/3/1610");
});

inBrowser(
  "says what failed, and what to do, when nothing is known of an id",
  async (page) => {
    await page.goto(`${shown.url}/story/nobody`);
    await page.waitForSelector("text=Nothing is known of nobody.");
    await page.waitForSelector("text=Say what it is with --as.");
  },
  wide,
  ["error: Failed to load resource: the server responded with a status of 422 (Unprocessable Entity)"],
);

inBrowser("says what an error code means when the code of a cause is followed", async (page) => {
  await page.goto(`${shown.url}/letters/coupon-issuing`);
  await page.click("a code:text-is('UNKNOWN_SCHEMA')");
  await page.waitForSelector("h1:text-is('UNKNOWN_SCHEMA')");
  await page.waitForSelector("text=docs/reference/codes.md#unknown_schema");
  assert.equal(new URL(page.url()).pathname, "/codes/UNKNOWN_SCHEMA");
});

inBrowser(
  "says that nothing explains a code when it is another system's",
  async (page) => {
    await page.goto(`${shown.url}/codes/ECONNREFUSED`);
    await page.waitForSelector("text=Nothing here explains ECONNREFUSED.");
  },
  wide,
  ["error: Failed to load resource: the server responded with a status of 404 (Not Found)"],
);

inBrowser("is used by the keyboard alone when nobody has a mouse", async (page) => {
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate("document.activeElement.id"), "content");
  await page.focus("nav a[href='/health']");
  await page.keyboard.press("Enter");
  await page.waitForSelector("h1:text-is('Health')");
});

inBrowser("says that there is no such page when an address means none", async (page) => {
  await page.goto(`${shown.url}/none`);
  await page.waitForSelector("text=There is no such page.");
});

test("console: asks who it is when nobody is logged in, and forgets when one logs out", {
  skip: noBrowser,
}, async () => {
  const { page, close } = await openPage(browser, wide, shown.url);
  await page.goto(shown.url);
  await page.fill("#token", "forged");
  await page.click("text=Log in >> nth=-1");
  await page.waitForSelector("text=This token is not taken here.");
  await assertAccessible(page);
  await page.goto("about:blank");
  await page.goto(shown.address());
  await page.click("text=Log out");
  await page.waitForSelector("#token");
  await close();
});

test("console: warns that it can be listened to when others reach it without TLS, and says what to do", async () => {
  const warned: string[] = [];
  const logger = {
    ...silentLogger,
    warn: ({ event }: LogFields, text: string) => void warned.push(`${event} ${text}`),
  };
  const started = async (host: string, publicUrl?: string): Promise<void> =>
    (await consoleUnderTest(await shopData(), { host, logger, ...(publicUrl !== undefined && { publicUrl }) })).close();
  await started("127.0.0.1");
  await started("0.0.0.0", "https://console.example");
  await started("0.0.0.0", "http://127.0.0.1:8095");
  assert.deepEqual(warned, []);
  await started("0.0.0.0", "http://console.example");
  assert.equal(warned.length, 1);
  warned.length = 0;
  await started("0.0.0.0");
  assert.match(warned.join("\n"), /^console\.exposed .*--host 127\.0\.0\.1.*--url$/);
});
