/** Our own processes as children: started with a log file each, waited for until they are ready, ended together. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, open, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { CliError, environment } from "../engine/app/cli.ts";
import { tracingSettings } from "../engine/app/config/tracing-settings.ts";
import { endpointsEnv, type StackEndpoints } from "./stack/endpoints.ts";
import { type Layout, layoutOf, ownersOnly, repositoryRoot } from "./stack/layout.ts";
import { choosePorts, reservePorts } from "./stack/ports.ts";
import { announceTarget, serviceOfCommand } from "./stack/watch/targets.ts";

/** A process to start: `sluice <arguments>`. */
export interface ChildPlan {
  /** What Node runs in place of `sluice`; for tests. */
  readonly script?: string;
  /** Names it in messages and names its log. */
  readonly name: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Its health port: ready means that /ready there answered 200. */
  readonly healthPort: number;
  readonly logFile: string;
}

/** A process at work. */
export interface Child {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  /** Resolves when it has ended, with its exit code or signal. */
  readonly ended: Promise<string>;
  /** Sends a signal; false where it has ended. */
  readonly signal: (signal: NodeJS.Signals) => boolean;
  /** SIGTERM, and SIGKILL after 30 s. Idempotent. */
  readonly stop: () => Promise<void>;
}

const stopBudgetMs = 30_000;

/** Starts a process. @throws CliError where it ends instead of becoming ready, with the last lines of its log. */
export const startChild = async (plan: ChildPlan, { signal }: { readonly signal: AbortSignal }): Promise<Child> => {
  const own = await spawnChild(plan);
  await untilReady(plan, own, signal);
  return own;
};

/** Starts a process and does not wait for it. */
export const spawnChild = async (plan: ChildPlan): Promise<Child> => {
  await mkdir(dirname(plan.logFile), ownersOnly);
  const log = await open(plan.logFile, "w", 0o600);
  const child = spawn(process.execPath, [plan.script ?? join(repositoryRoot, "bin", "sluice.js"), ...plan.args], {
    env: {
      PATH: environment()["PATH"],
      HOME: environment()["HOME"],
      ...tracingOf(environment()),
      ...plan.env,
      SLUICE_HEALTH_PORT: String(plan.healthPort),
    },
    stdio: ["ignore", log.fd, log.fd],
    // A group of its own: Ctrl-C reaches only the demo, which then ends its children in order.
    detached: true,
  });
  await log.close();
  return handleOf(plan, child);
};

/** Whoever gives the demo a receiver of traces wants those of its processes; nothing else of the environment is theirs. */
const tracingOf = (env: Readonly<Record<string, string | undefined>>) =>
  Object.fromEntries(Object.keys(tracingSettings).flatMap((name) => (env[name] ? [[name, env[name]]] : [])));

const handleOf = ({ name, logFile }: ChildPlan, child: ChildProcess): Child => {
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGTERM");
    const killing = new AbortController();
    const late = sleep(stopBudgetMs, undefined, { signal: killing.signal }).then(
      () => child.kill("SIGKILL"),
      () => undefined,
    );
    await ended;
    killing.abort();
    await late;
  };
  return { name, logFile, pid: child.pid ?? 0, ended, signal: (signal) => child.kill(signal), stop };
};

const untilReady = async (plan: ChildPlan, child: Child, signal: AbortSignal): Promise<void> => {
  const deadlineAt = Date.now() + 60_000;
  let over: string | undefined;
  void child.ended.then((how) => {
    over = how;
  });
  for (;;) {
    if (over !== undefined) throw await notReady(plan, `ended (${over}) before it was ready`);
    if (signal.aborted || Date.now() > deadlineAt) {
      await child.stop();
      if (signal.aborted) throw signal.reason;
      throw await notReady(plan, "was not ready within 60 s");
    }
    if (await answersReady(plan.healthPort)) return;
    await sleep(50);
  }
};

const answersReady = (port: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}/ready`).then(
    async (response) => {
      await response.body?.cancel();
      return response.ok;
    },
    () => false,
  );

const notReady = async ({ name, logFile }: ChildPlan, what: string): Promise<CliError> => {
  const lines = (await readFile(logFile, "utf8").catch(() => "")).trimEnd().split("\n").slice(-5);
  return new CliError(`${name} ${what}; the end of its log:\n${lines.join("\n")}`, {
    code: "CHILD_NOT_READY",
    fix: `The whole log: ${logFile}`,
  });
};

/** One of our processes on a stack: which, and how it differs from the default. */
export interface StackChildPlan {
  readonly stackName: string;
  readonly endpoints: StackEndpoints;
  /** `api`, `platform` and `console` listen on `url`; the others on nothing but their health port. */
  readonly command: "api" | "worker" | "relay" | "platform" | "verify" | "console";
  /** What follows the command: `["--topology", "external-data"]`. */
  readonly args?: readonly string[];
  /** Names it where there are several. */
  readonly name: string;
  /** See {@link ChildPlan}. */
  readonly script?: string;
  /** Where `url` is, if that port is free; any other where not given. */
  readonly preferredPort?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** A process on a stack, and where it is reached. */
export interface StackChild {
  readonly child: Child;
  readonly url: string;
  /** Its health port; of `platform` its control port. */
  readonly healthUrl: string;
}

/** Starts one of our processes on a stack, with ports that are free and its log among the stack's. @throws CliError */
export const startOnStack = async (plan: StackChildPlan): Promise<StackChild> => {
  const { stackName, endpoints, name, preferredPort, env, signal, script } = plan;
  const layout = layoutOf(stackName);
  const reservations = reservePorts(new Set());
  const http = { key: "http", ...(preferredPort === undefined ? {} : { preferred: preferredPort }) };
  const ports = await choosePorts([http, { key: "health" }], { isFree: reservations.isFree, start: Math.random() });
  // The mark of the stack: should its parent be killed, `stack down` still finds this process.
  const own = { ...endpointsEnv(endpoints), SLUICE_STACK: layout.root, SLUICE_API_PORT: String(ports["http"]) };
  try {
    const healthPort = ports["health"] ?? 0;
    const what = { name, args: argumentsOf(plan, ports["http"] ?? 0), ...(script === undefined ? {} : { script }) };
    const child = await startChild(
      { ...what, env: { ...own, ...env }, healthPort, logFile: layout.log(name) },
      { signal },
    );
    announce({ ...plan, layout, healthPort }, child);
    return { child, url: `http://127.0.0.1:${ports["http"]}`, healthUrl: `http://127.0.0.1:${healthPort}` };
  } finally {
    reservations.release();
  }
};

/** Where somebody watches the stack; a child that was killed stays announced. */
const announce = (
  { command, args = [], layout, healthPort }: StackChildPlan & { readonly layout: Layout; readonly healthPort: number },
  child: Child,
): void => {
  const service = serviceOfCommand([command, ...args]);
  if (service === undefined) return;
  const withdraw = announceTarget(layout, { pid: child.pid, service, healthPort });
  void child.ended.then((how) => how === "exit code 0" && withdraw());
};

/** The API reads its port from the environment; the platform, which is another system, and the console are given it. */
const argumentsOf = ({ command, args = [] }: StackChildPlan, port: number): readonly string[] => [
  command,
  ...args,
  ...(command === "platform" || command === "console" ? ["--port", String(port)] : []),
];
