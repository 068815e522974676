/**
 * `npm run pictures:alerts`: takes the pictures of docs/monitoring.md. Runs the demo with what watches it, waits until nothing
 * fires, kills one of two relays and then one of two workers, and says how long it takes until each is told. Needs Debian's
 * prometheus and chromium.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import type { Browser, Page } from "playwright-core";
import { CliError, note } from "../../../engine/app/cli.ts";
import { noBrowser, openBrowser } from "../../console/browser.ts";
import { defaultStackName, layoutOf, repositoryRoot } from "../../stack/layout.ts";
import { untilScraped } from "../../stack/watch/until-scraped.ts";
import { targetsFolder } from "../../stack/watch/watchers.ts";

const pictures = join(repositoryRoot, "docs", "pictures");
/** What a picture begins with: our own alerts, or one group of them. */
const ownAlerts = "sluice-alerts.yml > ";
/** How long anything may take: a stack, a burst, and two scrapes. */
const patienceMs = 240_000;

const main = async (): Promise<void> => {
  if (noBrowser !== false) throw new CliError(noBrowser, { code: "NO_BROWSER" });
  const demo = startDemo();
  let browser: Browser | undefined;
  try {
    const page = await alertsPage(demo);
    browser = await openBrowser();
    const view = await browser.newPage({ viewport: { width: 1_100, height: 760 } });
    await until("all are scraped", () => untilScraped(new AbortController().signal));
    await until("nothing but the watchdog fires", () => isQuiet(page));
    await take(view, page, "alerts-green");
    await kill("relay", page);
    await take(view, page, "alerts-relay-killed", { group: "sluice-processes", alert: "SluiceDown" });
    await kill("worker", page);
  } finally {
    await browser?.close();
    await ended(demo);
  }
};

/** Small, and few at once: what is looked at is who is told, not how fast a machine is that does more than this. */
const startDemo = (): ChildProcess =>
  spawn(
    process.execPath,
    [
      join(repositoryRoot, "bin", "sluice.js"),
      "demo",
      "--watch",
      "--requests",
      "1000",
      "--clients",
      "50",
      "--orders",
      "200",
    ],
    { stdio: ["ignore", "pipe", "inherit"], detached: true },
  );

const ended = async (demo: ChildProcess): Promise<void> => {
  if (demo.exitCode !== null || demo.signalCode !== null) return;
  const over = new Promise((resolve) => demo.once("exit", resolve));
  demo.kill("SIGTERM");
  await over;
};

/** Where the demo says that its alerts are seen. */
const alertsPage = async (demo: ChildProcess): Promise<string> => {
  if (demo.stdout === null) throw new TypeError("the demo has no output");
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), patienceMs);
  try {
    for await (const line of createInterface({ input: demo.stdout, signal: late.signal })) {
      const [, url] = /^\s*alerts\s+(http\S+)/.exec(line) ?? [];
      if (url !== undefined) return url;
    }
    throw new CliError("the demo ended before it said where alerts are seen", { code: "DEMO_ENDED" });
  } finally {
    clearTimeout(timer);
  }
};

/** Ends a process of a service as a machine that is lost does, and waits until somebody is told. */
const kill = async (service: string, page: string): Promise<void> => {
  const killedAt = performance.now();
  process.kill(pidOf(service), "SIGKILL");
  await until(`the killed ${service} is told`, async () => (await firing(page)).includes(`SluiceDown ${service}`));
  note(`SluiceDown ${service} after ${Math.round((performance.now() - killedAt) / 1_000)} s`);
};

/** Whether nothing but the watchdog fires, now and after another evaluation; what does is told. */
const isQuiet = async (page: string): Promise<boolean> => {
  for (const pauseMs of [0, 20_000]) {
    await sleep(pauseMs);
    const names = await firing(page);
    if (names.join() === "Watchdog") continue;
    note(`fires: ${names.join(", ")}`);
    await sleep(10_000);
    return false;
  }
  return true;
};

/** Names of alerts that fire, with their services where they have some; each once, in order. */
const firing = async (page: string): Promise<readonly string[]> => {
  const response = await fetch(new URL("/api/v1/alerts", page));
  const { data } = (await response.json()) as AlertsAnswer;
  const names = data.alerts.flatMap(({ state, labels: { alertname, service } }) =>
    state === "firing" ? [service === undefined ? alertname : `${alertname} ${service}`] : [],
  );
  return [...new Set(names)].toSorted();
};

/** As Prometheus' API has it. */
interface AlertsAnswer {
  readonly data: {
    readonly alerts: readonly {
      readonly state: string;
      readonly labels: { readonly alertname: string; readonly service?: string };
    }[];
  };
}

const until = async (what: string, holds: () => Promise<boolean>): Promise<void> => {
  for (const end = Date.now() + patienceMs; !(await holds()); await sleep(500))
    if (Date.now() > end) throw new CliError(`${what}: not within ${patienceMs / 1_000} s`, { code: "TOO_LATE" });
};

/** Files that say where our processes are scraped, one each. */
const targets = (): readonly string[] => readdirSync(targetsFolder(layoutOf(defaultStackName)));

const pidOf = (service: string): number => {
  const named = new RegExp(`^${service}\\.(\\d+)\\.json$`);
  const pids = targets().flatMap((name) => named.exec(name)?.[1] ?? []);
  if (pids[0] === undefined) throw new CliError(`no ${service} is scraped`, { code: "NOT_SCRAPED" });
  return Number(pids[0]);
};

/** An alert whose details a picture shows, and its group. */
interface Shown {
  readonly group: string;
  readonly alert: string;
}

/** The page from our own alerts on as it is, but for where this repository lies; or from a group on, with the details of one of its alerts. */
const take = async (view: Page, url: string, name: string, shown?: Shown): Promise<void> => {
  await view.route(url, async (route) => {
    const response = await route.fetch();
    const body = (await response.text()).replaceAll(`${repositoryRoot}/`, "");
    await route.fulfill({ response, body });
  });
  await view.goto(url);
  if (shown !== undefined) await view.getByText(shown.alert, { exact: true }).first().click();
  // A text, because this program is checked without a browser's types.
  await view.evaluate(
    `[...document.querySelectorAll("td")].find((cell) => cell.textContent.includes("${ownAlerts}${shown?.group ?? ""}")).scrollIntoView()`,
  );
  await view.screenshot({ path: join(pictures, `${name}.png`) });
};

await main();
