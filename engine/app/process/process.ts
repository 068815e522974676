/**
 * What every long-running process does: read its configuration, log, serve its health, run until it is stopped or cannot
 * continue, drain, and say by its exit code which of the two it was.
 */
import { readFileSync } from "node:fs";
import { errorFields, type Logger } from "../../logger.ts";
import { describeError, environment, exitCodes } from "../cli.ts";
import { type EngineConfig, stopBudgetMs } from "../config/engine-config.ts";
import { redacted } from "../config/redact.ts";
import type { App, ProcessContext, Running } from "../define-app.ts";
import { serveHealth } from "./health.ts";
import { flushMs, openLog } from "./log-output.ts";
import { watchLoop } from "./loop-watch.ts";
import { createRegistry } from "../metrics/define.ts";
import { tellBuild, watchReadiness } from "../metrics/process-metrics.ts";
import { readProcessFacts, startedByNpm, startersOf, watchParent } from "./parent.ts";
import { enterProcess } from "./enter-process.ts";
import { openTracing } from "./open-tracing.ts";
import { besideName } from "./side-by-side.ts";
import { createSignalJudge } from "./signals.ts";

/** The configuration of this process: its own variables, completed in development by the application. @throws InvalidConfig */
export const loadConfig = async <Config extends EngineConfig>({
  settings,
  developmentEnvironment = async (env) => env,
}: Pick<App<Config>, "settings" | "developmentEnvironment">): Promise<Config> =>
  (await settings()).read(await developmentEnvironment(environment()), readSecretFile);

/** Reads the file that a `<NAME>_FILE` variable names. */
export const readSecretFile = (path: string): string => readFileSync(path, "utf8");

/**
 * Runs a process until it is stopped, and ends it: what a start that failed left open would keep it alive for ever, and
 * its supervisor would never start it again. `own` is used instead of the configuration's. @throws InvalidConfig
 */
export const runProcess = async <Config extends EngineConfig>(
  app: Pick<App<Config>, "settings" | "developmentEnvironment" | "processes">,
  name: string,
  start: (context: ProcessContext<Config>) => Promise<Running>,
  own: { readonly healthPort?: number; readonly portSetting?: string } = {},
): Promise<void> => {
  const config = await loadConfig(app);
  const { logger, flush } = openLog({ name, level: config.logLevel });
  const registry = createRegistry();
  tellBuild(registry);
  const end = async (code: number): Promise<never> => {
    await flush(flushMs);
    return process.exit(code);
  };
  const stopping = untilStopped(logger);
  logger.info({ event: "process.starting", ...redacted(config) }, "starting");
  watchLoop({ name, limitMs: config.stall.endMs });
  let started = false;
  // Stopped before it is up, it has nothing to drain.
  void stopping.then(() => started || end(exitCodes.done));
  const tracing = openTracing({ config, logger, registry }, name);
  // Its health is part of its start: a port that is taken must end it like anything else that is missing.
  const bringUp = async () => {
    const running = await start({ config, logger, registry, tracer: tracing?.tracer });
    watchReadiness(registry, running.ready);
    const { healthHost: host, healthPort: port } = { ...config, ...own };
    const { portSetting } = own;
    const { ready, holding, repairs } = running;
    const health = await serveHealth({ host, port, portSetting, registry, ready, holding, repairs });
    const entered = enterProcess(app, { config, logger, listedAs: running.listedAs, host, port: health.port });
    return { running, health, entered };
  };
  const { running, health, entered } = await bringUp().catch((error: unknown) => {
    logger.error({ event: "process.startFailed", ...errorFields(error) }, "could not start");
    return end(describeError(error).exitCode);
  });
  started = true;
  logger.info({ event: "process.started", healthPort: health.port, ...running.about }, "up");
  const failure = await Promise.race([stopping, running.ended]);
  logger.info({ event: "process.draining" }, "draining");
  const drained = await within(running.stop(), stopBudgetMs);
  // Only what ended as it should: one that could not continue stays in the list, silent, for whoever looks for it.
  await entered.close({ leaves: drained && failure === undefined });
  // After the last span has ended; bounded by itself.
  await tracing?.close();
  await health.close();
  if (!drained)
    logger.error(
      { event: "process.drainTimedOut", stopBudgetMs },
      "the drain took too long; unfinished records will be delivered again",
    );
  if (failure !== undefined)
    logger.error({ event: "process.failed", ...errorFields(failure) }, "stopped, because it could not continue");
  else logger.info({ event: "process.stopped" }, "stopped");
  if (failure !== undefined) await end(describeError(failure).exitCode);
  await end(drained ? exitCodes.done : exitCodes.failure);
};

/** Resolves when it is to stop: by a signal, or because who started it is gone. A second signal ends it at once. */
export const untilStopped = (logger: Logger): Promise<undefined> =>
  new Promise((resolve) => {
    const judge = createSignalJudge(() => performance.now());
    const onSignal = (signal: NodeJS.Signals): void => {
      const meaning = judge();
      logger.info({ event: "process.signalled", signal, meaning }, "received a signal to stop");
      if (meaning === "end") process.exit(exitCodes.interrupted);
      resolve(undefined);
    };
    process.on("SIGTERM", onSignal);
    process.on("SIGINT", onSignal);
    watchParent({
      isWatched: startedByNpm(environment()) || environment()[besideName] !== undefined,
      starters: () => startersOf(process.ppid, readProcessFacts),
      gone: () => {
        logger.warn({ event: "process.orphaned" }, "who started it is gone: it stops as by SIGTERM");
        resolve(undefined);
      },
    });
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
