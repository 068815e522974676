/** Debian's Chromium, driven by playwright-core: for tests of pages, and for pictures of them. */
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const executablePath = "/usr/bin/chromium";

/** Why there is no browser here; false where there is one. */
export const noBrowser: string | false = existsSync(executablePath)
  ? false
  : "there is no chromium here: apt-get install chromium";

/** Starts it, without what it would ask its maker for. */
export const openBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath,
    // Root has no sandbox; nothing but our own pages is opened.
    args: [
      "--no-sandbox",
      "--disable-background-networking",
      "--disable-component-update",
      "--font-render-hinting=none",
    ],
  });
