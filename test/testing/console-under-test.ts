/** The console of the shop on data that a test makes up, and how one logs in to it. */
import { Registry } from "prom-client";
import { startConsole } from "../../engine/app/console/start-console.ts";
import type { ConsoleData } from "../../engine/app/console/open-data.ts";
import { describedOf } from "../../engine/app/console/described.ts";
import type { Role } from "../../engine/console/documents.ts";
import { memoryDeployments } from "../../engine/deploy/testing/memory-deployments.ts";
import { type Logger, silentLogger } from "../../engine/logger.ts";
import { app } from "../../sluice.config.ts";
import type { Config } from "../../ops/config.ts";
import type { StoryDocument } from "../../ops/console/story-document.ts";
import type { App } from "../../engine/app/define-app.ts";
import { CliError } from "../../engine/app/cli.ts";
import { configOfNowhere } from "./nowhere.ts";
import { askShop, shopProcesses } from "./running-shop.ts";
import { shopPlan } from "./shop-plan.ts";
import { shopLetters } from "./shop-letters.ts";

/** A console that runs. */
export interface ConsoleUnderTest {
  readonly url: string;
  /** The address that logs in, once. */
  readonly address: () => string;
  readonly close: () => Promise<void>;
}

/** The shop, whose page of stories knows one story alone. */
const withStories = (of: App<Config>): App<Config> => ({
  ...of,
  console: {
    ...of.console,
    pages: (of.console?.pages ?? []).map((page) => ({
      ...page,
      answer: async (_, { id = "" }) => {
        if (id === aStory.story.subject.id) return aStory;
        throw new CliError(`nothing is known of ${id}`, { code: "NO_STORY", fix: "Say what it is with --as." });
      },
    })),
  },
});

const acceptedAt = Date.parse("2026-11-27T10:15:02.118Z");

/** A request that was issued, and whose unit is still in flight although it is decided. */
export const aStory: StoryDocument = {
  story: {
    subject: { kind: "reservation", id: "019ac4f2-1f06-7aa2-9c1e-5b7d3a90c114" },
    moments: [
      {
        at: acceptedAt,
        what: "accepted",
        text: "user-4711 asks for summer-1127101455, number 4,231 of its partition",
        from: "coupon-issue/3/4230",
      },
      { what: "step", text: "reserve-stock: reserved", from: "its verdict" },
      { what: "step", text: "write-through: issued", from: "its verdict" },
      {
        what: "row",
        text: "issued to user-4711, expires 2026-12-27T10:15:02.118Z, used by an order",
        from: "table user_coupon",
      },
      { what: "unit", text: "held, in flight; 3,112 of 5,000 are left", from: "Redis, table coupon" },
      { at: acceptedAt + 61, what: "published", text: "as issued", from: "coupon-issued/3/1610" },
    ],
    contradictions: ["it is decided, and its unit is still in flight in Redis: sluice reconcile --dry-run"],
    pending: [],
    unknown: ["all of its dead letters: more was written since than is looked at"],
  },
  away: [],
};

/** Made-up data: the shop's processes at work on a burst, two operations, and what `over` gives. */
export const shopData = async (over: Partial<ConsoleData> = {}): Promise<ConsoleData> => {
  const deployments = memoryDeployments();
  await deployments.locked(0, async (lock) => {
    const first = await lock.begin({
      ...{ actor: "ci", host: "build-7", verb: "topology apply", document: {} },
      reason: "release 41",
    });
    await lock.end(first, "applied");
    await lock.begin({
      ...{ actor: "jiwoo", host: "laptop", verb: "dlq replay", document: {} },
      reason: "the schema is registered now",
    });
  });
  return {
    live: {
      described: describedOf(app),
      processes: async () => shopProcesses,
      deployed: async () => new Map(app.topologies.map(({ topology }) => [topology.graph.name, topology.hash])),
      ask: askShop,
    },
    deployments,
    letters: shopLetters(),
    plan: async () => shopPlan(),
    close: async () => {},
    ...over,
  };
};

/** Starts it on a free port. */
export const consoleUnderTest = async (
  data: ConsoleData,
  {
    role = "operator",
    host = "127.0.0.1",
    publicUrl,
    logger = silentLogger,
  }: {
    readonly role?: Role;
    readonly host?: string;
    readonly publicUrl?: string;
    readonly logger?: Logger;
  } = {},
): Promise<ConsoleUnderTest> => {
  let address = "";
  const context = { config: configOfNowhere(), logger, registry: new Registry() };
  const running = await startConsole(
    withStories(app),
    context,
    {
      ...{ host, port: 0, publicUrl, terminalRole: role },
      tell: (text) => {
        address = text;
      },
    },
    async () => data,
  );
  return { url: String(running.about?.["url"]), address: () => address, close: running.stop };
};
