/** Pages of the console as a browser has them: opened in every sight, watched for what they should not do, read by axe. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";

/** How a page is looked at. */
export interface Sight {
  readonly width: 1_280 | 390;
  readonly colours: "light" | "dark";
}

/** Every way in which pages are looked at. */
export const sights: readonly Sight[] = ([1_280, 390] as const).flatMap((width) =>
  (["light", "dark"] as const).map((colours) => ({ width, colours })),
);

/** A page, and what it did that it should not. */
export interface Watched {
  readonly page: Page;
  /** Errors on its console, exceptions, and requests to other hosts; empty where all is well. */
  readonly complaints: readonly string[];
  readonly close: () => Promise<void>;
}

/** Opens a page of its own, logged in nowhere. */
export const openPage = async (browser: Browser, { width, colours }: Sight, origin: string): Promise<Watched> => {
  const context = await browser.newContext({
    viewport: { width, height: width === 390 ? 844 : 900 },
    colorScheme: colours,
    locale: "en-US",
    timezoneId: "UTC",
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(`${message.type()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(`exception: ${error.message}`));
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== origin) complaints.push(`request to ${request.url()}`);
  });
  return { page, complaints, close: () => context.close() };
};

const axe = (): string => readFileSync(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8");

interface AxeViolation {
  readonly id: string;
  readonly impact: string | null;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}

/** Asserts that axe finds nothing serious or critical on a page. */
export const assertAccessible = async (page: Page): Promise<void> => {
  // In the page's own world, past its policy: it is the test that reads it.
  await page.evaluate(axe());
  const violations = await page.evaluate<readonly AxeViolation[]>("axe.run().then(({ violations }) => violations)");
  const grave = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  assert.deepEqual(
    grave.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(" | ")}`),
    [],
  );
};
