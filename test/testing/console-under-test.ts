/** The console of the shop on data that a test makes up, and how one logs in to it. */
import { Registry } from "prom-client";
import { startConsole } from "../../engine/app/console/start-console.ts";
import type { ConsoleData } from "../../engine/app/console/open-data.ts";
import type { Role } from "../../engine/console/documents.ts";
import { memoryDeployments } from "../../engine/deploy/testing/memory-deployments.ts";
import { silentLogger } from "../../engine/logger.ts";
import { readConfig } from "../../ops/config.ts";
import { app } from "../../sluice.config.ts";
import { askShop, shopProcesses } from "./running-shop.ts";

/** A console that runs. */
export interface ConsoleUnderTest {
  readonly url: string;
  /** The address that logs in, once. */
  readonly address: () => string;
  readonly close: () => Promise<void>;
}

const addresses = {
  SLUICE_BROKERS: "127.0.0.1:1",
  SLUICE_REGISTRY_URL: "http://127.0.0.1:1",
  SLUICE_DATABASE_URL: "mysql://nobody:nothing@127.0.0.1:1/none",
  SLUICE_REDIS_URL: "redis://127.0.0.1:1",
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
      described: {
        topologies: app.topologies.map(({ topology }) => topology.graph),
        outboxes: (app.outboxes ?? []).map(({ drawn }) => drawn),
        figures: app.console?.figures ?? [],
      },
      processes: async () => shopProcesses,
      deployed: async () => new Map(app.topologies.map(({ topology }) => [topology.graph.name, topology.hash])),
      ask: askShop,
    },
    deployments,
    close: async () => {},
    ...over,
  };
};

/** Starts it on a free port. */
export const consoleUnderTest = async (
  data: ConsoleData,
  { role = "operator" }: { readonly role?: Role } = {},
): Promise<ConsoleUnderTest> => {
  let address = "";
  const context = { config: readConfig(addresses, () => ""), logger: silentLogger, registry: new Registry() };
  const running = await startConsole(
    app,
    context,
    {
      ...{ host: "127.0.0.1", port: 0, terminalRole: role },
      tell: (text) => {
        address = text;
      },
    },
    async () => data,
  );
  return { url: String(running.about?.["url"]), address: () => address, close: running.stop };
};
