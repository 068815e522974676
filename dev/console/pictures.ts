/**
 * Takes the pictures of the console for the documents, light and dark: `npm run pictures:console -- <address>`, with the address that a
 * console has printed while `npm start` runs. What runs is taken when a thousand records a second flow. Pages of which the
 * main job leaves nothing to see are taken by test/console-pictures.ts, on data that a test makes up.
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
export interface Picture {
  /** `console-<name>-light.png`. */
  readonly name: string;
  readonly path: string;
  /** What is on the page when it is to be taken. */
  readonly shows: string;
  readonly height: number;
}

/** Logs in by an address, and takes pictures in both colours, one page after another. */
export const takePictures = async (address: string, pictures: readonly Picture[]): Promise<void> => {
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

const take = async (page: Page, origin: string, { name, path, shows, height }: Picture): Promise<void> => {
  await page.setViewportSize({ width: 1_280, height });
  await page.goto(`${origin}${path}`);
  await page.waitForSelector(shows, { timeout: waitMs });
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: join(folder, `console-${name}-${colorScheme}.png`) });
  }
  note(`docs/pictures/console-${name}`);
};

/** What the main job has to show. */
const ofMainJob: readonly Picture[] = [
  { name: "live", path: "/", shows: "svg text.moving:text-matches('^[0-9]+,[0-9]+/s$')", height: 1_180 },
  { name: "health", path: "/health", shows: "text=coupon-issue 1", height: 900 },
];

if (import.meta.main) {
  const [address] = process.argv.slice(2);
  if (address === undefined) note("Give the address that a console has printed: npm start");
  else await takePictures(address, ofMainJob);
}
