/**
 * The whole product in one process, without anything installed: the engine, the topologies, the API and the rules that every
 * system has, on a log and stores in memory. It is for a look: nothing is written to a disk, no fault leaves its process, and its
 * speed is that of one thread, which the clients share.
 */
import { Registry } from "prom-client";
import { systemClock } from "../../engine/clock.ts";
import { desiredOfApp } from "../../engine/app/deploying/open.ts";
import type { Opened, Running } from "../../engine/app/define-app.ts";
import { workerOn } from "../../engine/app/process/topology-worker.ts";
import { relayOn } from "../../engine/app/relay/outbox-relay.ts";
import { type Accumulator, accumulatorDefaults, createAccumulator } from "../../engine/log/producer/accumulator.ts";
import { withChecks } from "../../engine/flow/source-check.ts";
import type { Topology } from "../../engine/flow/dsl.ts";
import type { Log } from "../../engine/log/log.ts";
import type { Logger } from "../../engine/logger.ts";
import type { Config, ShopContext } from "../../ops/config.ts";
import { serveApi } from "../../ops/processes/api.ts";
import { couponChecks } from "../../ops/processes/coupon-checks.ts";
import { openExternalData } from "../../ops/processes/external-worker.ts";
import { requestQueueOf, seeQueue } from "../../ops/processes/request-queue.ts";
import { memoryOutbox } from "../../processors/memory/memory-payments.ts";
import { couponIssueRequests } from "../../schemas/coupon.ts";
import { app } from "../../sluice.config.ts";
import { couponIssuing } from "../../topology/coupon-issuing.ts";
import { externalData } from "../../topology/external-data.ts";
import { paymentOutbox } from "../../topology/payment-outbox.ts";
import { transactionHistory } from "../../topology/transaction-history.ts";
import { type Platform, startPlatform } from "../platform/stand-in.ts";
import { type MemoryCluster, memoryCluster } from "./cluster.ts";
import { type MemoryStores, memoryStores } from "./stores.ts";

/** What would be a process of its own elsewhere, by its name. */
export interface Part {
  readonly name: string;
  readonly running: Running;
  /** Its metrics. */
  readonly registry: Registry;
}

/** A system at work. */
export interface EmbeddedSystem {
  readonly cluster: MemoryCluster;
  readonly stores: MemoryStores;
  readonly config: Config;
  /** What runs, in the order of its start. */
  readonly parts: readonly Part[];
  /** Starts the API, and workers that decide; answers the API's address. */
  readonly startCoupons: (workers: number) => Promise<string>;
  /** Starts relays, the workers of history and delivery, and the platform; answers the platform. */
  readonly startPayments: () => Promise<Platform>;
  /** Ends everything, the last first. */
  readonly stop: () => Promise<void>;
}

/** A system of which nothing runs yet. */
export const embeddedSystem = (config: Config, logger: Logger): EmbeddedSystem => {
  const cluster = memoryCluster(desiredOfApp(app, config));
  const stores = memoryStores();
  const parts: Part[] = [];
  const platforms: Platform[] = [];
  const start = async (
    name: string,
    run: (context: ShopContext, log: Log) => Promise<Running>,
    own: Config = config,
  ): Promise<Running> => {
    const registry = new Registry();
    const running = await run({ config: own, logger, registry }, cluster.broker.client(name));
    parts.push({ name, running, registry });
    return running;
  };
  const work =
    <Deps>(topology: Topology<Deps>, open: (context: ShopContext) => Promise<Opened<NoInfer<Deps>>>) =>
    async (context: ShopContext, log: Log): Promise<Running> =>
      workerOn(context, topology, { own: await open(context), log, codec: cluster.codec });
  const ports = { cluster, stores };
  return {
    ...{ ...ports, config, parts },
    startCoupons: async (workers) => {
      const api = await start("api", (context, log) => startApi(context, log, ports));
      const checked = withChecks(couponIssuing, couponChecks(config));
      const open = async () => ({ deps: stores.couponDeps, leases: stores.leases, close: async () => {} });
      for (let n = 1; n <= workers; n++) await start(`worker-${n}`, work(checked, open));
      return String(api.about?.["url"]);
    },
    startPayments: async () => {
      const platform = await startPlatform();
      platforms.push(platform);
      for (const name of ["relay-1", "relay-2"]) await start(name, (context, log) => startRelay(context, log, ports));
      await start(
        "history",
        work(transactionHistory, async () => ({ deps: () => stores, close: async () => {} })),
      );
      const delivering = { ...config, platform: { ...config.platform, url: platform.url } };
      await start("external", work(externalData, openExternalData), delivering);
      return platform;
    },
    stop: async () => {
      for (const { running } of parts.toReversed()) await running.stop();
      for (const platform of platforms) await platform.close();
    },
  };
};

type Ports = Pick<EmbeddedSystem, "cluster" | "stores">;

const startApi = async (context: ShopContext, log: Log, { cluster, stores }: Ports): Promise<Running> => {
  const { groupId, topic } = requestQueueOf(context.config);
  const look = async () => {
    const committed = await cluster.look.committedOffsets(groupId, topic);
    const ends = await cluster.look.endOffsets(topic);
    return ends.map((end, partition) => ({ committed: committed[partition], end }));
  };
  return serveApi(context, {
    ports: stores.ports,
    producer: producerOf(context, log, couponIssueRequests),
    encodeRequest: await cluster.codec.encoder(couponIssueRequests),
    seeQueue: seeQueue(look, { logger: context.logger, clock: systemClock }),
    close: log.close,
  });
};

const startRelay = async (context: ShopContext, log: Log, { cluster, stores }: Ports): Promise<Running> => {
  const { topic } = paymentOutbox;
  const producer = producerOf(context, log, topic);
  return relayOn(context, paymentOutbox, {
    own: { outbox: memoryOutbox(stores.payments), close: async () => {} },
    producer,
    encode: await cluster.codec.encoder(topic),
    close: async () => {
      await producer.close();
      await log.close();
    },
  });
};

const producerOf = (
  { logger }: Pick<ShopContext, "logger">,
  writer: Log,
  { name, partitions }: { readonly name: string; readonly partitions: number },
): Accumulator =>
  createAccumulator({
    ...{ ...accumulatorDefaults, writer, logger, clock: systemClock, random: Math.random },
    partitionCounts: new Map([[name, partitions]]),
  });
