/** What every measurement runs on: a stack of one broker of its own, tables, topics, schemas, and tables that are large. */
import { createAccumulator, accumulatorDefaults, loadPartitionCounts } from "../../engine/log/producer/accumulator.ts";
import { systemClock } from "../../engine/clock.ts";
import { type KafkaAdmin, kafkaAdmin } from "../../engine/log/kafka/admin/admin.ts";
import { kafkaLog } from "../../engine/log/kafka/kafka-log.ts";
import { silentLogger } from "../../engine/logger.ts";
import type { Producer } from "../../engine/log/producer.ts";
import { type Codec, createCodec } from "../../engine/avro/codec.ts";
import { confluentRegistry } from "../../engine/registry/registry.ts";
import { applyApp } from "../../engine/app/apply.ts";
import { app } from "../../sluice.config.ts";
import { type StackChild, type StackChildPlan, startOnStack } from "../children.ts";
import { note } from "../../engine/app/cli.ts";
import { type Config, readConfig } from "../../ops/config.ts";
import { endpointsEnv, type StackEndpoints } from "../stack/endpoints.ts";
import { stackUp } from "../stack/up.ts";
import { fillHistory, fillTable, usualMillions } from "./coupons/filler.ts";

/** The stack of the benchmark, apart from the demo's and the tests'. */
export const benchStack = "bench";

/** The stage. */
export interface Stage {
  readonly endpoints: StackEndpoints;
  readonly config: Config;
  readonly admin: KafkaAdmin;
  readonly codec: Codec;
  /** A producer for topics; to be closed by the caller. */
  readonly producer: (topics: readonly string[]) => Promise<Producer>;
  /** Starts `sluice <command>` as a process. */
  readonly start: (command: StackChildPlan["command"], how?: How) => Promise<StackChild>;
  /** Aborted when the measurement is to end: Ctrl-C. */
  readonly signal: AbortSignal;
  readonly close: () => Promise<void>;
}

/** How a process differs from the default one of its command. */
export interface How {
  readonly env?: Readonly<Record<string, string>>;
  /** What follows the command. */
  readonly args?: readonly string[];
}

/** Sets the stage. @throws with what does not come up. */
export const setStage = async (signal: AbortSignal): Promise<Stage> => {
  note(`stack ${benchStack} with 1 broker`);
  const endpoints = await stackUp({ name: benchStack, brokers: 1, signal });
  const config = readConfig(endpointsEnv(endpoints), () => "");
  await applyApp(app, config, { allow: { newGroup: true } });
  let deployedPrefix = config.groupPrefix;
  if (await fillTable(config.databaseUrl, usualMillions, signal)) note("filled the table with a million user coupons");
  if (await fillHistory(config.databaseUrl)) note("filled the history with a million payments");
  const admin = await kafkaAdmin({ brokers: config.brokers, clientId: "sluice-bench" });
  const log = kafkaLog({ brokers: config.brokers, clientId: "sluice-bench", logger: silentLogger });
  const codec = createCodec({ source: confluentRegistry({ url: config.registryUrl }), now: () => performance.now() });
  return {
    endpoints,
    config,
    admin,
    codec,
    signal,
    producer: async (topics) =>
      createAccumulator({
        ...accumulatorDefaults,
        writer: log,
        partitionCounts: await loadPartitionCounts(log, topics),
        clock: systemClock,
        random: Math.random,
        logger: silentLogger,
      }),
    start: async (command, { env = {}, args = [] } = {}) => {
      // A worker starts only in the group that was deployed.
      const own = readConfig({ ...endpointsEnv(endpoints), ...env }, () => "");
      if (command === "worker" && own.groupPrefix !== deployedPrefix) {
        await applyApp(app, own, { allow: { newGroup: true } });
        deployedPrefix = own.groupPrefix;
      }
      return startOnStack({
        stackName: benchStack,
        endpoints,
        command,
        args,
        name: command,
        env: { SLUICE_LOG_LEVEL: "warn", ...env },
        signal,
      });
    },
    close: async () => {
      await admin.close();
      await log.close();
    },
  };
};
