/**
 * Runs a command in several processes side by side, so that one machine's cores are used without a supervisor: each has a share of
 * the memory and a health port of its own, one that fails is started again, and a signal ends them all as it ends one.
 */
import { type ChildProcess, spawn } from "node:child_process";
import type { Logger } from "../../logger.ts";
import { exitCodes } from "../cli.ts";
import type { Environment } from "../config/settings.ts";
import { type Backoff, backoffMs, type Clock } from "../../clock.ts";

/** Processes of one command, at most: more than a large machine has cores. */
export const sideBySideMax = 64;

/** Names, in the environment of each, that it was started by another of ours, which it does not outlive. */
export const besideName = "sluice_beside";

/** What is run. */
export interface SideBySide {
  /** 2 and up. */
  readonly count: number;
  /** What Node is given: flags, the script and its arguments. */
  readonly command: readonly string[];
  readonly environment: Environment;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Resolves when all are to stop. */
  readonly stopping: Promise<unknown>;
}

/** Between the end of one that failed and its next start; from the beginning again where it was up for a minute. */
const again: Backoff = { initialMs: 1_000, maxMs: 30_000 };
const steadyMs = 60_000;

/** The environment of one of them, counted from 0: a port and a membership can be had by one process alone. Pure. */
export const environmentOf = (environment: Environment, n: number): Environment => {
  const port = Number(environment["SLUICE_HEALTH_PORT"] ?? 0);
  const instance = environment["SLUICE_GROUP_INSTANCE_ID"];
  return {
    ...environment,
    [besideName]: "1",
    SLUICE_HEALTH_PORT: String(port === 0 ? 0 : port + n),
    ...(instance !== undefined && instance !== "" && { SLUICE_GROUP_INSTANCE_ID: `${instance}-${n + 1}` }),
  };
};

/** Whether it would end the same way again: it was used wrongly, refused, or another process took its place. Pure. */
export const isFinal = (code: number): boolean =>
  code === exitCodes.usage || code === exitCodes.refused || code === exitCodes.replaced;

/**
 * Runs them until `stopping`, or until one of them ends in a way that it would end again; answers the exit code: 0 where all ended
 * as they should, otherwise that of the first that did not. Signals are not handled here. Rejects where one cannot be started.
 */
export const runSideBySide = async (options: SideBySide): Promise<number> => {
  const { count, stopping, logger } = options;
  const leaving = new AbortController();
  const running = new Set<ChildProcess>();
  const end = (): void => {
    leaving.abort();
    for (const child of running) child.kill("SIGTERM");
  };
  void stopping.then(end);
  // A second signal ends us at once, and them.
  const kill = (): void => {
    for (const child of running) child.kill("SIGKILL");
  };
  process.once("exit", kill);
  const codes = Array.from({ length: count }, async (_, n) => {
    const code = await keepUp(options, { n, running, leaving: leaving.signal });
    // The others would go on with fewer than were asked for, and nobody would know why.
    if (!leaving.signal.aborted) {
      logger.error({ event: "beside.ended", n: n + 1, code }, "one ended for good: the others are stopped");
      end();
    }
    return code;
  });
  const ended = await Promise.all(codes);
  process.off("exit", kill);
  return ended.find((code) => code !== exitCodes.done) ?? exitCodes.done;
};

/** Starts one until it is not to be started again; answers its last exit code. */
const keepUp = async (
  options: SideBySide,
  own: { readonly n: number; readonly running: Set<ChildProcess>; readonly leaving: AbortSignal },
): Promise<number> => {
  const { clock, logger } = options;
  let failures = 0;
  for (;;) {
    const startedAt = performance.now();
    const code = await runOne(options, own);
    if (own.leaving.aborted || isFinal(code)) return code;
    failures = performance.now() - startedAt > steadyMs ? 1 : failures + 1;
    const waitMs = Math.round(backoffMs(again, failures, Math.random));
    logger.warn({ event: "beside.failed", n: own.n + 1, code, waitMs }, "one failed; it is started again");
    await clock.sleep(waitMs, own.leaving);
    if (own.leaving.aborted) return code;
  }
};

const runOne = (
  { command, environment, logger }: SideBySide,
  { n, running, leaving }: { readonly n: number; readonly running: Set<ChildProcess>; readonly leaving: AbortSignal },
): Promise<number> =>
  new Promise((resolve, reject) => {
    // A group of its own: Ctrl-C reaches us alone, and we tell them once.
    const child = spawn(process.execPath, command, {
      env: environmentOf(environment, n),
      stdio: ["ignore", "inherit", "inherit"],
      detached: true,
    });
    running.add(child);
    child.once("spawn", () => logger.info({ event: "beside.started", n: n + 1, pid: child.pid }, "one is started"));
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      running.delete(child);
      // By a signal it failed, but for ours, which it gets also while it cannot answer it yet.
      const isEnded = leaving.aborted && signal === "SIGTERM";
      resolve(code ?? (isEnded ? exitCodes.done : exitCodes.failure));
    });
  });
