/** Prometheus takes a rate between two samples: what happened before the first one of a process is in none. */
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { defaultStackName, type Layout, layoutOf } from "../layout.ts";
import { readState } from "../state.ts";
import { targetsFolder } from "./watchers.ts";

/** How long is waited at most, ms: three scrapes. */
const patienceMs = 45_000;

/** Where processes of ours are that answered their last scrape, `host:port`. @throws where Prometheus does not answer within 2 s */
export const scrapedInstances = async (prometheus: string): Promise<ReadonlySet<string>> => {
  const url = new URL("/api/v1/query", prometheus);
  url.searchParams.set("query", 'up{job="sluice"} == 1');
  const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
  // As Prometheus' API has it.
  const { data } = (await response.json()) as ScrapedAnswer;
  return new Set(data.result.map(({ metric }) => metric.instance));
};

interface ScrapedAnswer {
  readonly data: { readonly result: readonly { readonly metric: { readonly instance: string } }[] };
}

/** Waits until every process that says where it is scraped was; answers whether they were in time. False at once where no Prometheus is. */
export const untilScraped = async (signal: AbortSignal, name = defaultStackName): Promise<boolean> => {
  const layout = layoutOf(name);
  const prometheus = (await readState(layout))?.services.find((service) => service.name === "prometheus");
  if (prometheus === undefined) return false;
  for (const end = Date.now() + patienceMs; Date.now() < end; await sleep(500, undefined, { signal })) {
    const [announced, scraped] = await Promise.all([
      announcedInstances(layout),
      scrapedInstances(`http://127.0.0.1:${prometheus.port}`).catch(() => new Set<string>()),
    ]);
    if (announced.every((instance) => scraped.has(instance))) return true;
  }
  return false;
};

/** Where the files of our processes say that they are. */
const announcedInstances = async (layout: Layout): Promise<readonly string[]> => {
  const folder = targetsFolder(layout);
  const files = (await readdir(folder)).filter((file) => file.endsWith(".json"));
  const groups = await Promise.all(
    // What announceTarget wrote; a process that ended has taken its file away.
    files.map(
      async (file) => JSON.parse(await readFile(join(folder, file), "utf8").catch(() => "[]")) as TargetGroup[],
    ),
  );
  return groups.flat().flatMap(({ targets }) => targets);
};

interface TargetGroup {
  readonly targets: readonly string[];
}
