/**
 * What every long-running process does alike: read its configuration, log, serve its health, run until it is told to
 * stop or cannot go on, drain, and say by its exit code which of the two it was.
 */
import { readFileSync } from "node:fs";
import pino from "pino";
import type { Registry } from "prom-client";
import { errorFields, type Logger } from "../logger.ts";
import { CliError, environment, exitCodes } from "./cli.ts";
import { type Config, readConfig, redacted } from "../../ops/config.ts";
import { developmentEnvironment } from "../../dev/development.ts";
import { serveHealth } from "./health.ts";
import { createRegistry } from "./metrics.ts";

/** What a process is started with. */
export interface ProcessContext {
  readonly config: Config;
  readonly logger: Logger;
  readonly registry: Registry;
}

/** A process at work. */
export interface Running {
  readonly ready: () => { readonly ok: boolean; readonly why: readonly string[] };
  /** Resolves when it cannot go on, with the reason; never, while it can. */
  readonly ended: Promise<Error | undefined>;
  /** Finishes what is under way and lets go of everything. */
  readonly stop: () => Promise<void>;
  /** Said on the line that tells it is up. */
  readonly about?: Readonly<Record<string, unknown>>;
}

/** A second signal, or a drain that takes longer than this, ends the process at once: what is unfinished comes again. */
const stopBudgetMs = 25_000;

/** The configuration of this process: its own variables, and in development the addresses of the stack that is up. */
export const loadConfig = async (): Promise<Config> =>
  readConfig(await developmentEnvironment(environment()), readSecretFile);

/**
 * The key that tokens are signed with, for a command that needs nothing else: no stack has to be up for it.
 * @throws InvalidConfig
 */
export const loadTokenSecret = (): Buffer => {
  const env = environment();
  // Addresses are required of a whole configuration; this command uses none, so any will do where none is given.
  const any = {
    SLUICE_BROKERS: "none:1",
    SLUICE_REGISTRY_URL: "http://none",
    SLUICE_DATABASE_URL: "mysql://none/x",
    SLUICE_REDIS_URL: "redis://none",
  };
  const missing = Object.entries(any).filter(([address]) => env[`${address}_FILE`] === undefined);
  return readConfig({ ...Object.fromEntries(missing), ...env }, readSecretFile).tokenSecret;
};

const readSecretFile = (path: string): string => readFileSync(path, "utf8");

/**
 * Runs a process until it is stopped, and ends it: what a start that failed left open would keep it alive for ever, and
 * whoever watches over it would never start it again. @throws InvalidConfig
 */
export const runProcess = async (name: string, start: (context: ProcessContext) => Promise<Running>): Promise<void> => {
  const config = await loadConfig();
  const logger = pino({ name, level: config.logLevel }, pino.destination({ dest: 2, sync: false }));
  const registry = createRegistry();
  const end = (code: number): never => {
    logger.flush();
    process.exit(code);
  };
  const stopping = untilSignalled(logger);
  logger.info(redacted(config), "starting");
  let started = false;
  // Told to stop before it is up, it has nothing to drain.
  void stopping.then(() => started || end(exitCodes.done));
  // Its health is part of its start: a port that is taken must end it like anything else that is missing.
  const bringUp = async () => {
    const running = await start({ config, logger, registry });
    return { running, health: await serveHealth({ port: config.healthPort, registry, ready: running.ready }) };
  };
  const { running, health } = await bringUp().catch((error: unknown) => {
    logger.error(errorFields(error), "it could not start");
    return end(error instanceof CliError ? error.exitCode : exitCodes.failure);
  });
  started = true;
  logger.info({ healthPort: health.port, ...running.about }, "up");
  const failure = await Promise.race([stopping, running.ended]);
  logger.info({}, "draining");
  const drained = await within(running.stop(), stopBudgetMs);
  await health.close();
  if (!drained) logger.error({ stopBudgetMs }, "the drain took too long; what is unfinished will come again");
  if (failure !== undefined) logger.error(errorFields(failure), "stopped, because it could not go on");
  else logger.info({}, "stopped");
  end(failure === undefined && drained ? exitCodes.done : exitCodes.failure);
};

const untilSignalled = (logger: Logger): Promise<undefined> =>
  new Promise((resolve) => {
    let signals = 0;
    const onSignal = (signal: NodeJS.Signals): void => {
      logger.info({ signal }, "told to stop");
      if (++signals > 1) process.exit(exitCodes.interrupted);
      resolve(undefined);
    };
    process.on("SIGTERM", onSignal);
    process.on("SIGINT", onSignal);
  });

/** Whether it ended within its budget. */
const within = async (work: Promise<void>, budgetMs: number): Promise<boolean> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), budgetMs);
  });
  const ended = await Promise.race([work.then(() => true), late]);
  clearTimeout(timer);
  return ended;
};
