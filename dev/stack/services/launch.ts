/** Starts the processes of a stack so that they outlive the command, and waits until each has answered. */
import { spawn } from "node:child_process";
import { copyFile, mkdir, open, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { CliError } from "../../../engine/app/cli.ts";
import { type Layout, ownersOnly } from "../layout.ts";
import type { StackPlan } from "../plan.ts";
import { ask, askCoordinators, problemOf } from "./probes.ts";
import { findProcess, findSame, stackVariable } from "./processes.ts";
import { describeExit, logTail, runTool } from "./run-tool.ts";
import type { Launch, ProcessId, ServicePlan } from "./service.ts";

/** The few variables of ours that a process of the stack gets, and the mark by which it is found again. */
export function stackEnvironment(
  layout: Layout,
  own: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const kept = Object.fromEntries(
    ["PATH", "HOME", "USER", "LD_LIBRARY_PATH"].flatMap((name) => (own[name] === undefined ? [] : [[name, own[name]]])),
  );
  return { ...kept, LANG: "C.UTF-8", TZ: "UTC", TMPDIR: layout.temporary, [stackVariable]: layout.root };
}

/** What the storage of a new stack is made with. */
export interface Preparation {
  readonly bootstrapCheckpoint: string;
  readonly mariadbInstallDb: string;
  readonly asRoot: boolean;
  readonly environment: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/**
 * Makes the folders, the settings and the empty storage of a new stack.
 * @throws CliError when the database can't be made; the signal's reason when aborted.
 */
export async function prepareStack(layout: Layout, plan: StackPlan, preparation: Preparation): Promise<void> {
  const folders = [layout.logs, layout.temporary, ...plan.services.map(({ name }) => layout.data(name))];
  await Promise.all(folders.map((folder) => mkdir(folder, ownersOnly)));
  for (const [path, text] of Object.entries(plan.files)) {
    await mkdir(dirname(path), ownersOnly);
    await writeFile(path, text, { mode: 0o600 });
  }
  for (const { name, probe } of plan.services) {
    if (probe.kind === "kafka") {
      await copyFile(preparation.bootstrapCheckpoint, join(layout.data(name), "bootstrap.checkpoint"));
    }
    if (probe.kind === "mariadb") await makeDatabase(layout, name, preparation);
  }
}

/** An empty MariaDB data folder. Nothing is flushed while it is made: when the machine dies, it is made again. */
async function makeDatabase(layout: Layout, service: string, about: Preparation): Promise<void> {
  const run = {
    name: "mariadb-install-db",
    command: about.mariadbInstallDb,
    args: [
      "--no-defaults",
      `--datadir=${layout.data(service)}`,
      // Neither a test schema nor users without a name, who would be taken before `application`.
      "--skip-test-db",
      "--skip-name-resolve",
      // The server makes its own log files of the size it wants.
      "--innodb-log-file-size=4M",
      "--innodb-flush-log-at-trx-commit=0",
      ...(about.asRoot ? ["--user=root"] : []),
    ],
    environment: about.environment,
    log: layout.log("mariadb-install-db"),
  };
  await runTool(run, about.signal);
}

/** A started process and the news of its end, which is heard only while we live. */
export interface Started {
  readonly id: ProcessId;
  /** Says how it ended, once it has. */
  readonly ending: () => string | undefined;
  /** Where in the log its own lines begin, in bytes. */
  readonly logFrom: number;
}

/** A process that runs already, as if we had started it. */
export function alreadyStarted(id: ProcessId): Started {
  return { id, ending: () => undefined, logFrom: 0 };
}

/**
 * Starts a process in a session of its own: it gets neither our Ctrl-C nor our end.
 * @throws CliError when the program can't be started.
 */
export async function startProcess(
  service: { readonly name: string; readonly log: string; readonly launch: Launch },
  environment: Readonly<Record<string, string>>,
): Promise<Started> {
  await mkdir(dirname(service.log), ownersOnly);
  const log = await open(service.log, "a", 0o600);
  try {
    const { size: logFrom } = await log.stat();
    const child = spawn(service.launch.command, service.launch.args, {
      cwd: service.launch.cwd,
      env: { ...environment, ...service.launch.environment },
      stdio: ["ignore", log.fd, log.fd],
      detached: true,
    });
    let ending: string | undefined;
    child.once("exit", (code, signal) => {
      ending = describeExit(code, signal);
    });
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", reject);
    });
    child.unref();
    // -1 matches no process: it has ended already, which `waitReady` will report.
    const startTicks = (await findProcess(child.pid ?? -1))?.startTicks ?? "-1";
    return { id: { pid: child.pid ?? -1, startTicks }, ending: () => ending, logFrom };
  } catch (cause) {
    throw new CliError(`can't start ${service.name} (${service.launch.command}): ${String(cause)}`, {
      code: "STACK_START_FAILED",
      cause,
    });
  } finally {
    await log.close();
  }
}

// A probe that takes longer than this is asked again: on loopback it waits for a service that is not ready.
const askTimeoutMs = 2_000;
// Short against the seconds a JVM takes to start, long against what a question costs.
const askEveryMs = 100;

/**
 * Waits until the service answers.
 * @throws CliError naming the service, why, its log and the last lines of it, when it ends or `deadline` (on the clock
 * of `performance.now`) passes; the signal's reason when aborted.
 */
export async function waitReady(
  service: ServicePlan,
  started: Started,
  { deadline, signal }: { readonly deadline: number; readonly signal: AbortSignal },
): Promise<void> {
  const startedAt = performance.now();
  for (;;) {
    signal.throwIfAborted();
    const problem = await ask(service.probe, askTimeoutMs).then(() => undefined, problemOf);
    const alive = (await findSame(started.id)) !== undefined;
    if (problem === undefined && alive) return;
    const passed = ((performance.now() - startedAt) / 1_000).toFixed(1);
    if (!alive) {
      const ending = started.ending() ?? "ended";
      throw await startError(service, `${service.name} did not start: it ${ending} after ${passed} s`, started.logFrom);
    }
    if (performance.now() > deadline) {
      throw await startError(service, `${service.name} was not ready after ${passed} s: ${problem}`, started.logFrom);
    }
    await sleep(askEveryMs, undefined, { signal }).catch(() => undefined);
  }
}

/** Waits until every group coordinator has loaded. @throws CliError when they have not by `deadline`. */
export async function waitCoordinators(
  broker: ServicePlan,
  partitions: number,
  { deadline, signal }: { readonly deadline: number; readonly signal: AbortSignal },
): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    try {
      return await askCoordinators(broker.port, partitions, askTimeoutMs);
    } catch (error) {
      if (performance.now() > deadline) {
        throw await startError(broker, `${broker.name} ${problemOf(error)}`);
      }
    }
    await sleep(askEveryMs, undefined, { signal }).catch(() => undefined);
  }
}

// As a broker, MariaDB and Redis put it, and the two ways of the registry.
const portTaken = /address already in use|port\(s\) already bound|seems to be in use by another process/i;

/** Its code is STACK_PORT_TAKEN when that is what the log says, and otherwise STACK_START_FAILED. */
async function startError(service: ServicePlan, message: string, logFrom = 0): Promise<CliError> {
  const tail = await logTail(service.log, { from: logFrom });
  return new CliError(`${message}\n${tail}`, {
    code: portTaken.test(tail) ? "STACK_PORT_TAKEN" : "STACK_START_FAILED",
    fix: `The whole log: ${service.log}`,
  });
}
