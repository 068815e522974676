/**
 * Takes the pictures of the console for the documents, light and dark: `npm run pictures:console -- <address> [<a story's address>]`,
 * with the address that a console has printed while `npm start` runs. What runs is taken when a thousand records a second flow;
 * with the address of a story, which `npm start` prints at its end, health, letters, plan and story are: docs/pictures/README.md says what is
 * done between the two.
 */
import { join } from "node:path";
import type { Page } from "playwright-core";
import { note } from "../../engine/app/cli.ts";
import { repositoryRoot } from "../stack/layout.ts";
import { openBrowser } from "./browser.ts";

const folder = join(repositoryRoot, "docs", "pictures");
/** How long what a picture shows is waited for, ms: a burst comes after a stack is up. */
const waitMs = 300_000;

/** A picture of a page. */
interface Picture {
  /** `console-<name>-light.png`. */
  readonly name: string;
  readonly path: string;
  /** What is clicked on the page, one after the other, before it is to be seen. */
  readonly follow?: readonly string[];
  /** What is on the page when it is to be taken. */
  readonly shows: string;
  readonly height: number;
}

/** Logs in by an address, and takes pictures in both colours, one page after another. */
const takePictures = async (address: string, pictures: readonly Picture[]): Promise<void> => {
  const { origin } = new URL(address);
  const browser = await openBrowser();
  try {
    const context = await browser.newContext({ locale: "en-US" });
    const page = await context.newPage();
    await page.goto(address);
    await page.waitForSelector("h1");
    for (const picture of pictures) await take(page, origin, picture);
  } finally {
    await browser.close();
  }
};

const take = async (page: Page, origin: string, { name, path, follow = [], shows, height }: Picture): Promise<void> => {
  await page.setViewportSize({ width: 1_280, height });
  await page.goto(`${origin}${path}`);
  for (const selector of follow) await page.click(selector);
  await page.waitForSelector(shows, { timeout: waitMs });
  // Whoever takes them is the user of some machine.
  await page.locator(".who span").evaluate((who) => {
    who.textContent = "operator";
  });
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: join(folder, `console-${name}-${colorScheme}.png`) });
  }
  note(`docs/pictures/console-${name}`);
};

/** What the main job has to show. */
const ofMainJob: readonly Picture[] = [
  { name: "live", path: "/", shows: "svg text.moving:text-matches('^[0-9]+,[0-9]+/s$')", height: 1_180 },
];

/** What there is to see after dev/console/set-aside.ts has had something set aside. */
const afterwards = (story: string): readonly Picture[] => [
  { name: "health", path: "/health", shows: "td:text-is('coupon-issue/0')", height: 1_180 },
  { name: "letters", path: "/letters/external-data", shows: "text=DELIVERY_REFUSED", height: 620 },
  {
    ...{ name: "letter", path: "/letters/external-data", follow: ["td.mono a", "td.mono a[href*='/record/']"] },
    ...{ shows: "text=/Bytes, /", height: 1_000 },
  },
  { name: "plan", path: "/plan", shows: "text=drift", height: 1_000 },
  { name: "story", path: new URL(story).pathname, shows: "text=/asks for/", height: 780 },
];

if (import.meta.main) {
  const [address, story] = process.argv.slice(2);
  if (address === undefined) note("Give the address that a console has printed: npm start");
  else await takePictures(address, story === undefined ? ofMainJob : afterwards(story));
}
