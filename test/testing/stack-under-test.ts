/** The real stack of a test file: its addresses, applied topics and tables, a database, and child processes that end with it. */
import { after, before } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type StackChild, type StackChildPlan, startOnStack } from "../../dev/children.ts";
import { endpointsEnv, type StackEndpoints } from "../../dev/stack/endpoints.ts";
import { addressOf, brokerAddresses, requiredSetting } from "../../engine/testing/address.ts";
import { applyApp } from "../../engine/app/apply.ts";
import { app } from "../../sluice.config.ts";
import { type Config, readConfig } from "../../ops/config.ts";
import { type Database, openDatabase } from "../../stores/mysql/database.ts";
import type { OwnStack } from "./own-stack.ts";
import { exclusiveOutbox } from "../../stores/mysql/testing/exclusive-outbox.ts";

/** A running stack, and the name it was started under. */
export interface StackAddresses {
  readonly stackName: string;
  readonly endpoints: StackEndpoints;
}

/** The stack that the tests run on. @throws Error naming what is not set, and the command to run. */
export const stackAddresses = (): StackAddresses => ({
  stackName: requiredSetting("SLUICE_TEST_STACK"),
  endpoints: {
    brokers: brokerAddresses(),
    registryUrl: addressOf("SLUICE_REGISTRY_URL"),
    databaseUrl: addressOf("SLUICE_DATABASE_URL"),
    redisUrl: addressOf("SLUICE_REDIS_URL"),
  },
});

/** How a test file uses the stack. */
export interface StackUse {
  /** Settings beside the addresses, for {@link StackUnderTest.config} and for every child: `SLUICE_GROUP_PREFIX`. */
  readonly env?: Readonly<Record<string, string>>;
  /** True where the file leads the outbox: it waits until no other file does. */
  readonly ownsOutbox?: boolean;
  /** A stack of the file's own, which ends after the last child; otherwise that of all tests. */
  readonly own?: OwnStack | undefined;
}

/** A child process, as a test names it. */
export type ChildUse = Pick<StackChildPlan, "command" | "name"> &
  Partial<Pick<StackChildPlan, "args" | "env" | "endpoints" | "script">>;

/** What a test file has of the stack. */
export interface StackUnderTest extends StackAddresses {
  readonly config: Config;
  readonly database: Database;
  /** Resolves when topics, schemas and tables are there: a file's own `before` that uses them waits for this. */
  readonly prepared: () => Promise<void>;
  /** Starts one of our processes and waits until it is ready; it is stopped after the file's last test. @throws CliError where it is not. */
  readonly start: (child: ChildUse) => Promise<StackChild>;
  /** Those that were started since the last {@link StackUnderTest.stopAll}. */
  readonly children: ReadonlySet<StackChild>;
  /** Wakes those that are frozen, stops all and waits until they have ended. Idempotent. */
  readonly stopAll: () => Promise<void>;
}

/**
 * Registers what a file needs before its first test (topics, schemas, tables, the outbox) and after its last. Call it once,
 * at the head of a file. @throws Error where no stack is running.
 */
export const stackUnderTest = ({ env = {}, ownsOutbox = false, own }: StackUse = {}): StackUnderTest => {
  const { stackName, endpoints } = own ?? stackAddresses();
  const config = readConfig({ ...endpointsEnv(endpoints), ...env }, () => "");
  const database = openDatabase({ databaseUrl: config.databaseUrl });
  const { signal } = new AbortController();
  const children = new Set<StackChild>();
  let returnOutbox = async (): Promise<void> => {};
  const stopAll = async (): Promise<void> => {
    const stopping = [...children];
    children.clear();
    for (const { child } of stopping) child.signal("SIGCONT");
    await Promise.all(stopping.map(({ child }) => child.stop()));
  };
  const prepare = async (): Promise<void> => {
    // For the default groups, whatever a file's own are: the last deployment of a stack says which workers may start, and a file
    // before this one may have deployed groups of its own.
    const defaults = readConfig(endpointsEnv(endpoints), () => "");
    await applyApp(app, defaults, { allow: { newGroup: true } });
    if (ownsOutbox) returnOutbox = await exclusiveOutbox(config.databaseUrl);
  };
  // Node runs the hooks of a file side by side, so a file's own hook that starts a process must wait for this.
  let prepared: Promise<void> | undefined;
  const isPrepared = (): Promise<void> => {
    prepared ??= prepare();
    return prepared;
  };
  before(isPrepared);
  after(async () => {
    await stopAll();
    await returnOutbox();
    await database.close();
    await own?.down();
  });
  const start = async (use: ChildUse): Promise<StackChild> => {
    await isPrepared();
    const started = await startOnStack({ stackName, endpoints, signal, ...use, env: { ...env, ...use.env } });
    children.add(started);
    return started;
  };
  return {
    stackName,
    endpoints,
    config,
    database,
    prepared: isPrepared,
    start,
    children,
    stopAll,
  };
};

/** Waits for a condition, asking every 20 ms. @throws Error where it does not hold within `withinMs`. */
export const until = async (
  what: string,
  holds: () => boolean | Promise<boolean>,
  withinMs = 60_000,
): Promise<void> => {
  for (const endAt = Date.now() + withinMs; !(await holds()); await sleep(20))
    if (Date.now() > endAt) throw new Error(`not within ${withinMs} ms: ${what}`);
};
