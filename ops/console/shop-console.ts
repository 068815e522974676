/** What the shop adds to the console. */
import type { ConsoleAdditions } from "../../engine/app/console/define-console.ts";
import type { Figure } from "../../engine/console/live/describe.ts";
import { type Sample, sumOf } from "../../engine/console/live/samples.ts";
import { shopMetrics } from "../metrics/table.ts";
import type { Config } from "../config.ts";

const countOf =
  ({ name }: { readonly name: string }) =>
  (samples: readonly Sample[]): string | undefined =>
    sumOf(samples, name)?.toLocaleString("en-US");

/** The circuit's states, in the order in which they are shown where processes differ. */
const circuitOf = (samples: readonly Sample[]): string | undefined => {
  const states = samples.filter(({ name, value }) => name === shopMetrics.circuit.name && value === 1);
  return states.length === 0 ? undefined : [...new Set(states.map(({ labels }) => labels["state"]))].join(", ");
};

const figures: readonly Figure[] = [
  { title: "Circuit to the platform", read: circuitOf },
  { title: "Deliveries in flight", read: countOf(shopMetrics.deliveriesInFlight) },
  { title: "Marks in Redis", read: countOf(shopMetrics.gateMarks) },
  { title: "Counters repaired", read: countOf(shopMetrics.repairedCounters) },
  { title: "Marks dropped", read: countOf(shopMetrics.droppedMarks) },
];

/** The page of stories, figures, and the tokens of the API with a role. */
export const shopConsole: ConsoleAdditions<Config> = {
  pages: [
    {
      name: "story",
      title: "Story",
      module: new URL("./web/story.ts", import.meta.url),
      answer: async (config, query) => (await import("./story-page.ts")).answerStory(config, query),
    },
  ],
  figures,
  viewerOf: async (config) => (await import("./viewers.ts")).shopViewers(config),
};
