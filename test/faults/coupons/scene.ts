/** What every fault is tried on: a stack of its own with everything applied, workers as processes, and a way to ask. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { applyApp } from "../../../engine/app/apply.ts";
import { app } from "../../../sluice.config.ts";
import { type Child, spawnChild, startOnStack } from "../../../dev/children.ts";
import { type Config, readConfig } from "../../../ops/config.ts";
import { endpointsEnv, type StackEndpoints } from "../../../dev/stack/endpoints.ts";
import { layoutOf } from "../../../dev/stack/layout.ts";
import {
  accumulatorDefaults,
  createAccumulator,
  loadPartitionCounts,
} from "../../../engine/log/producer/accumulator.ts";
import { systemClock } from "../../../engine/clock.ts";
import { type KafkaAdmin, kafkaAdmin } from "../../../engine/log/kafka/admin/admin.ts";
import { kafkaLog } from "../../../engine/log/kafka/kafka-log.ts";
import { silentLogger } from "../../../engine/logger.ts";
import type { Producer } from "../../../engine/log/producer.ts";
import { createCodec, type Encoder } from "../../../engine/avro/codec.ts";
import { type CouponIssueRequested, couponIssueRequests, type PolicyId, type Won } from "../../../schemas/coupon.ts";
import { confluentRegistry } from "../../../engine/registry/registry.ts";
import { couponRegister } from "../../../stores/mysql/coupons/coupon-register.ts";
import { openDatabase } from "../../../stores/mysql/database.ts";
import { couponIssuing } from "../../../topology/coupon-issuing.ts";
import { leadText } from "../lead.ts";
import { type Asked, type LoadCoupon, poison } from "./requests.ts";
import { type Armed, armedText } from "../trap.ts";

/** How a worker of a fault is started. */
export interface WorkerPlan {
  readonly name: string;
  /** Dies there; its death certificate is then in `note`. */
  readonly armed?: Armed;
  /** Where its connections go instead, by port. */
  readonly lead?: ReadonlyMap<number, number>;
  readonly env?: Readonly<Record<string, string>>;
}

/** A worker that may be armed; `note` is the file that says where it died, once it has. */
export interface ArmedChild extends Child {
  readonly note: string;
}

/** The stage of faults. */
export interface Scene {
  readonly stackName: string;
  readonly endpoints: StackEndpoints;
  readonly config: Config;
  readonly admin: KafkaAdmin;
  readonly groupId: string;
  readonly signal: AbortSignal;
  /** A start for coupon ids that no other run of this stack has. */
  readonly newPrefix: () => string;
  /** Starts a worker and does not wait for it. `note` holds where it died, once it has. */
  readonly spawn: (plan: WorkerPlan) => Promise<ArmedChild>;
  /** Starts a worker and waits until it is assigned partitions, or none. */
  readonly start: (plan: Omit<WorkerPlan, "armed">) => Promise<Child>;
  /** How many workers are up. */
  readonly living: () => number;
  readonly openCoupons: (coupons: readonly LoadCoupon[]) => Promise<void>;
  /** Appends records in order; resolves when all are acknowledged. */
  readonly append: (asked: readonly Asked[]) => Promise<void>;
  /** Ends every worker that is left, and takes all of them out of the group: the next fault starts afresh. */
  readonly clear: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** The least session a broker allows: a dead worker's partitions wait this long. */
export const sessionTimeoutMs = 6_000;

const script = join(import.meta.dirname, "worker.ts");

/** Sets a scene on a stack that is up. */
export const setScene = async (stackName: string, endpoints: StackEndpoints, signal: AbortSignal): Promise<Scene> => {
  const config = readConfig({ ...endpointsEnv(endpoints), SLUICE_GROUP_PREFIX: "faults" }, () => "");
  await applyApp(app, config, { allow: { newGroup: true } });
  const admin = await kafkaAdmin({ brokers: config.brokers, clientId: "sluice-faults" });
  const groupId = `${config.groupPrefix}.${couponIssuing.graph.name}`;
  const asker = await openAsker(config);
  const notes = await mkdtemp(join(tmpdir(), "sluice-faults-"));
  const children = new Set<Child>();
  const keep = <C extends Child>(child: C): C => {
    children.add(child);
    void child.ended.then(() => children.delete(child));
    return child;
  };
  const runId = Date.now().toString(36);
  let runs = 0;
  let born = 0;
  // Each worker of a stack has a log of its own, whatever it is called: a death is looked into when others have come.
  const logName = (name: string): string => `${String(++born).padStart(3, "0")}-${name}`;
  const clear = async (): Promise<void> => {
    await Promise.all([...children].map(endChild));
    await admin.removeMembers(groupId);
  };
  return {
    stackName,
    endpoints,
    config,
    admin,
    groupId,
    signal,
    newPrefix: () => `f${runId}-${++runs}-`,
    spawn: async (plan) => {
      const { env, note } = environmentOf(plan, notes);
      const layout = layoutOf(stackName);
      const marked = { ...endpointsEnv(endpoints), SLUICE_STACK: layout.root, ...env };
      const name = logName(plan.name);
      const child = await spawnChild({ name, script, args: [], env: marked, healthPort: 0, logFile: layout.log(name) });
      return { ...keep(child), note };
    },
    start: async (plan) => {
      const { env } = environmentOf(plan, notes);
      const name = logName(plan.name);
      const started = await startOnStack({ stackName, endpoints, command: "worker", script, name, env, signal });
      return keep(started.child);
    },
    living: () => children.size,
    openCoupons: (coupons) => openCoupons(config, coupons),
    append: asker.append,
    clear,
    close: async () => {
      await Promise.all([...children].map(endChild));
      await asker.close();
      await admin.close();
      await rm(notes, { recursive: true, force: true });
    },
  };
};

/** One that was stopped by a signal can't hear another; SIGKILL it hears always. */
const endChild = async (child: Child): Promise<void> => {
  process.kill(child.pid, "SIGKILL");
  await child.ended;
};

let notesWritten = 0;

/** What a child is given: its plan, and where it notes its death. */
export const environmentOf = ({ armed, lead, env }: WorkerPlan, notes: string) => {
  const note = join(notes, String(++notesWritten));
  return {
    note,
    env: {
      SLUICE_GROUP_PREFIX: "faults",
      SLUICE_SESSION_TIMEOUT_MS: String(sessionTimeoutMs),
      SLUICE_DRAIN_MS: "3000",
      FAULTS_NOTE: note,
      ...(armed === undefined ? {} : { FAULTS_AT: armedText(armed), FAULTS_SIGNAL: armed.signal ?? "SIGKILL" }),
      ...(lead === undefined ? {} : { FAULTS_LEAD: leadText(lead) }),
      ...env,
    },
  };
};

const openCoupons = async ({ databaseUrl }: Config, coupons: readonly LoadCoupon[]): Promise<void> => {
  const database = openDatabase({ databaseUrl, poolMax: 2, poolKeptIdle: 0 });
  try {
    const register = couponRegister(database);
    for (const { couponId, stock } of coupons) {
      await register.open({
        couponId,
        policyId: "faults" as PolicyId,
        stock,
        opensAt: null,
        closesAt: null,
        validForDays: 30,
        policy: { name: "Faults", discount: { kind: "fixed", amount: 1_000 as Won }, minOrderAmount: 0 as Won },
      });
    }
  } finally {
    await database.close();
  }
};

/** Asks as the API does: through an accumulator, acknowledged by every replica. */
const openAsker = async ({ brokers, registryUrl }: Config) => {
  const { name } = couponIssueRequests;
  const log = kafkaLog({ brokers, clientId: "sluice-faults", logger: silentLogger });
  const producer = createAccumulator({
    ...accumulatorDefaults,
    writer: log,
    partitionCounts: await loadPartitionCounts(log, [name]),
    clock: systemClock,
    random: Math.random,
    logger: silentLogger,
  });
  const codec = createCodec({ source: confluentRegistry({ url: registryUrl }), now: () => performance.now() });
  const encode = await codec.encoder(couponIssueRequests);
  return {
    append: (asked: readonly Asked[]) => append(producer, encode, asked),
    close: async () => {
      producer.abandon();
      await log.close();
    },
  };
};

const append = async (
  producer: Producer,
  encode: Encoder<CouponIssueRequested>,
  asked: readonly Asked[],
): Promise<void> => {
  const { name } = couponIssueRequests;
  const byCoupon = Map.groupBy(asked, ({ couponId }) => couponId);
  await Promise.all(
    [...byCoupon].map(([couponId, some]) => {
      const key = Buffer.from(couponId);
      const records = some.map(({ request, bytes = poison }) => ({
        key,
        value: request === undefined ? bytes : encode(request),
      }));
      return producer.produce({ topic: name, partition: producer.partitionOf(name, key) }, records);
    }),
  );
};

/**
 * Waits until the group has committed all there is: every request has been through.
 * @throws Error after `withinMs`, with what is open, or where no worker is left to do anything about it.
 */
export const untilQuiet = async ({ admin, groupId, signal, living }: Scene, withinMs: number): Promise<void> => {
  const { name } = couponIssueRequests;
  const deadline = performance.now() + withinMs;
  const openRecords = async (): Promise<readonly bigint[]> => {
    const ends = await admin.endOffsets(name);
    const committed = await admin.committedOffsets(groupId, name);
    return ends.map((end, at) => end - (committed[at] ?? 0n));
  };
  for (;;) {
    if (living() === 0) throw new Error("there is no worker left, and not everything has been through");
    const open = await openRecords().catch(String);
    if (typeof open !== "string" && open.every((count) => count === 0n)) return;
    if (performance.now() > deadline) throw new Error(`after ${withinMs} ms, not finished by partition: ${open}`);
    await sleep(100, undefined, { signal });
  }
};
