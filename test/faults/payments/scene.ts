/** What faults of payments are tried on: a stack, a platform that counts, and the processes between the two. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { applyApp } from "../../../engine/app/apply.ts";
import { app } from "../../../sluice.config.ts";
import { type Child, spawnChild, startOnStack } from "../../../dev/children.ts";
import { type Config, readConfig } from "../../../ops/config.ts";
import { platformControl, type PlatformControl } from "../../../dev/demo/payments/outage.ts";
import { paymentsPath } from "../../../dev/platform/servers.ts";
import { endpointsEnv, type StackEndpoints } from "../../../dev/stack/endpoints.ts";
import { layoutOf } from "../../../dev/stack/layout.ts";
import { type KafkaAdmin, kafkaAdmin } from "../../../engine/log/kafka/admin/admin.ts";
import { paymentsCompleted } from "../../../schemas/payment.ts";
import { type Database, openDatabase } from "../../../stores/mysql/database.ts";
import { outbox } from "../../../stores/mysql/payments/outbox.ts";
import { externalData } from "../../../topology/external-data.ts";
import { transactionHistory } from "../../../topology/transaction-history.ts";
import { environmentOf } from "../coupons/scene.ts";
import type { Armed } from "../trap.ts";
import { readStrange, type Strange } from "./judge/judge.ts";
import type { Role } from "./points.ts";

/** How a process of a fault is started. */
export interface PayPlan {
  readonly name: string;
  readonly role: Role;
  /** Dies there; its death certificate is then in `note`. */
  readonly armed?: Armed;
  /** Where its connections go instead, by port. */
  readonly lead?: ReadonlyMap<number, number>;
}

/** A process of payments. */
export interface PayChild extends Child {
  readonly role: Role;
  /** Of an API, where it is asked to pay. */
  readonly url: string;
  /** Where its metrics are; nowhere where it was not waited for. */
  readonly healthUrl: string;
  /** The file that says where it died, once it has. */
  readonly note: string;
}

/** The stage of faults of payments. */
export interface PayScene {
  readonly stackName: string;
  readonly endpoints: StackEndpoints;
  readonly config: Config;
  readonly admin: KafkaAdmin;
  readonly database: Database;
  readonly platform: PlatformControl & { readonly controlUrl: string };
  readonly signal: AbortSignal;
  /** What does not add up on this stack whatever is done here. */
  readonly strange: Strange;
  /** A start for user ids that no other run has. */
  readonly newPrefix: () => string;
  /** Starts a process and waits until it is ready. */
  readonly start: (plan: PayPlan) => Promise<PayChild>;
  /** Starts one that may die before it is ready. Not an API: its address would not be known. */
  readonly spawn: (plan: PayPlan) => Promise<PayChild>;
  /** Takes the dead out of a worker's group, so that no partition waits for their sessions; of other roles nothing. */
  readonly bury: (role: Role) => Promise<void>;
  /** Ends every process that is left but the platform, and sets that right again. */
  readonly clear: () => Promise<void>;
  readonly close: () => Promise<void>;
}

const script = join(import.meta.dirname, "process.ts");

/** The arguments of `sluice` that run a role. */
const commands = {
  api: { command: "api", args: [] },
  relay: { command: "relay", args: [] },
  history: { command: "worker", args: ["--topology", transactionHistory.graph.name] },
  external: { command: "worker", args: ["--topology", externalData.graph.name] },
} as const satisfies Record<Role, { readonly command: "api" | "relay" | "worker"; readonly args: readonly string[] }>;

/** Payments the platform remembers: more than all faults together make. */
const maxPayments = 2_000_000;

/** Sets a scene on a stack that is up. Its groups are its own, and begin at the topic's beginning. */
export const setPayScene = async (
  stackName: string,
  endpoints: StackEndpoints,
  signal: AbortSignal,
): Promise<PayScene> => {
  const runId = Date.now().toString(36);
  const groupPrefix = `faults-pay-${runId}`;
  const config = readConfig({ ...endpointsEnv(endpoints), SLUICE_GROUP_PREFIX: groupPrefix }, () => "");
  await applyApp(app, config, { allow: { newGroup: true } });
  const admin = await kafkaAdmin({ brokers: config.brokers, clientId: "sluice-faults" });
  const database = openDatabase({ databaseUrl: config.databaseUrl, poolMax: 2, poolKeptIdle: 0 });
  // Before anything is started: what fails here leaves no process behind, which would keep the whole run from its end.
  const strange = await readStrange(config);
  const notes = await mkdtemp(join(tmpdir(), "sluice-faults-"));
  const args = ["--max-payments", String(maxPayments)];
  const platform = await startOnStack({
    stackName,
    endpoints,
    command: "platform",
    args,
    name: "pay-platform",
    signal,
  });
  const control = { ...platformControl(platform.healthUrl), controlUrl: platform.healthUrl };
  const nursery = nurseryOf({
    stackName,
    endpoints,
    signal,
    notes,
    groupPrefix,
    url: `${platform.url}${paymentsPath}`,
  });
  let runs = 0;
  return {
    ...{ stackName, endpoints, config, admin, database, signal, platform: control },
    strange,
    newPrefix: () => `p${runId}-${++runs}-`,
    start: nursery.start,
    spawn: nursery.spawn,
    bury: async (role) => {
      if (role === "history" || role === "external") await admin.removeMembers(groupOf(config, role));
    },
    clear: async () => {
      await nursery.clear();
      await control.set({});
      for (const role of ["history", "external"] as const) await admin.removeMembers(groupOf(config, role));
    },
    close: async () => {
      await nursery.clear();
      await platform.child.stop();
      await admin.close();
      await database.close();
      await rm(notes, { recursive: true, force: true });
    },
  };
};

/** The group of a worker. */
export const groupOf = ({ groupPrefix }: Config, role: "history" | "external"): string =>
  `${groupPrefix}.${role === "history" ? transactionHistory.graph.name : externalData.graph.name}`;

interface NurseryOptions extends Pick<PayScene, "stackName" | "endpoints" | "signal"> {
  readonly notes: string;
  readonly groupPrefix: string;
  /** Where payments are posted to. */
  readonly url: string;
}

/** Starts processes, and ends those that are left. */
const nurseryOf = ({ stackName, endpoints, signal, notes, groupPrefix, url }: NurseryOptions) => {
  const layout = layoutOf(stackName);
  const children = new Set<Child>();
  let born = 0;
  const keep = <C extends Child>(child: C): C => {
    children.add(child);
    void child.ended.then(() => children.delete(child));
    return child;
  };
  const prepare = ({ name, role, ...plan }: PayPlan) => {
    const own = {
      SLUICE_GROUP_PREFIX: groupPrefix,
      // Offsets often, so that one that dies at them does not wait for them; requests shorter than the drain.
      SLUICE_COMMIT_INTERVAL_MS: "200",
      ...(role === "external" ? { SLUICE_PLATFORM_URL: url, SLUICE_PLATFORM_TIMEOUT_MS: "2000" } : {}),
    };
    const { env, note } = environmentOf({ name, ...plan, env: own }, notes);
    // Each process of a stack has a log of its own, whatever it is called: a death is looked into when others have come.
    const unique = `pay-${String(++born).padStart(3, "0")}-${name}`;
    const isOrdinary = plan.armed === undefined && plan.lead === undefined;
    return { name: unique, env, note, role, ...commands[role], ...(isOrdinary ? {} : { script }) };
  };
  return {
    start: async (plan: PayPlan): Promise<PayChild> => {
      const { note, role, ...own } = prepare(plan);
      const started = await startOnStack({ stackName, endpoints, signal, ...own });
      return { ...keep(started.child), role, note, url: started.url, healthUrl: started.healthUrl };
    },
    spawn: async (plan: PayPlan): Promise<PayChild> => {
      const { note, role, name, env, command, args } = prepare(plan);
      const marked = { ...endpointsEnv(endpoints), SLUICE_STACK: layout.root, ...env };
      const what = { script, args: [command, ...args], healthPort: 0, logFile: layout.log(name) };
      const child = await spawnChild({ name, env: marked, ...what });
      return { ...keep(child), role, note, url: "", healthUrl: "" };
    },
    clear: async (): Promise<void> => {
      await Promise.all(
        [...children].map(async (child) => {
          // One that was stopped by a signal can't hear another; SIGKILL it hears always.
          process.kill(child.pid, "SIGKILL");
          await child.ended;
        }),
      );
    },
  };
};

/** What is not at rest yet, in words; undefined where the outbox is published and both groups are at the topic's end. */
export const unrestOf = async ({ admin, config, database }: PayScene): Promise<string | undefined> => {
  const { rows } = await outbox(database).lag();
  if (rows > 0) return `${rows} rows of the outbox are not published`;
  for (const role of ["history", "external"] as const) {
    const open = await openRecords({ admin, config }, role);
    if (open > 0) return `${role} is ${open} records behind`;
  }
  return undefined;
};

/** How many records of the topic a worker's group has not committed. */
export const openRecords = async (
  { admin, config }: Pick<PayScene, "admin" | "config">,
  role: "history" | "external",
): Promise<number> => {
  const ends = await admin.endOffsets(paymentsCompleted.name);
  const committed = await admin.committedOffsets(groupOf(config, role), paymentsCompleted.name);
  return Number(ends.reduce((sum, end, at) => sum + end - (committed[at] ?? 0n), 0n));
};

/** Waits until all is at rest. @throws Error after `withinMs`, with what is not. */
export const untilRest = async (scene: PayScene, withinMs: number): Promise<void> => {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const unrest = await unrestOf(scene).catch(String);
    if (unrest === undefined) return;
    if (performance.now() > deadline) throw new Error(`not at rest after ${withinMs} ms: ${unrest}`);
    await sleep(100, undefined, { signal: scene.signal });
  }
};
