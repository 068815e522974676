/** Brings a stack up, natively: everything at once, and either all of it answers or none of it is left running. */
import { randomBytes } from "node:crypto";
import { chmod, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { CliError, environment, exitCodes } from "../../engine/app/cli.ts";
import { classArchives } from "./kafka/archive.ts";
import { brokersOf, type ComposeFile, readCompose } from "./kafka/compose.ts";
import { removeStack } from "./down.ts";
import type { StackEndpoints } from "./endpoints.ts";
import {
  alreadyStarted,
  prepareStack,
  type Started,
  stackEnvironment,
  startProcess,
  waitCoordinators,
  waitReady,
} from "./services/launch.ts";
import { defaultStackName, type Layout, layoutOf, ownersOnly, repositoryRoot } from "./layout.ts";
import { withLock } from "./lock.ts";
import { planStack, portNeeds, type StackPlan } from "./plan.ts";
import { choosePorts, type PortNeed, type PortReservations, reservePorts } from "./ports.ts";
import { endProcesses, findSame } from "./services/processes.ts";
import { isProvisioned, provision } from "./services/provision.ts";
import type { ServiceState } from "./services/service.ts";
import { withWatchers } from "./watch/start-watchers.ts";
import { portsOfOthers, readState, type StackState, writeState } from "./state.ts";
import { findTools, placesOf } from "./services/tools.ts";

/** Something `stackUp` has to say while it works. */
export type StackProgress =
  | { readonly kind: "step"; readonly text: string }
  | { readonly kind: "ready"; readonly service: string; readonly port: number; readonly afterMs: number };

/** How a stack is to come up. */
export interface StackUpOptions {
  /** Default `demo`. */
  readonly name?: string | undefined;
  /** 1 or 3. Default: what is running, or else 3. */
  readonly brokers?: number | undefined;
  readonly onProgress?: ((progress: StackProgress) => void) | undefined;
  /** Whether Prometheus and exporters watch it, as far as they are installed. Default: as it runs, or else not. */
  readonly watch?: boolean | undefined;
  /** Aborting ends whatever was started. */
  readonly signal?: AbortSignal | undefined;
  /** How long all services together may take to answer. Default 90 s: many times what 2 idle cores need. */
  readonly timeoutMs?: number | undefined;
  /** More flags by service, for tests that want it to fail. */
  readonly extraFlags?: Readonly<Record<string, readonly string[]>> | undefined;
  /** Changes what is to be started, for tests that want it otherwise. */
  readonly adjust?: ((plan: StackPlan) => StackPlan) | undefined;
}

/** The options with their defaults, and what follows from them. */
interface Run {
  readonly layout: Layout;
  readonly brokers: number | undefined;
  readonly watch: boolean;
  readonly say: (progress: StackProgress) => void;
  /** Says what is being done now. */
  readonly step: (text: string) => void;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  readonly extraFlags: Readonly<Record<string, readonly string[]>>;
  readonly adjust: (plan: StackPlan) => StackPlan;
  /** What the processes of this stack get to see of ours. */
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * Brings the stack up and answers when every service has answered. Idempotent: a stack that is up is left unchanged, of a
 * half-dead one what is dead is started again on its old data. When it fails or is aborted, what it started has ended.
 * @throws CliError naming what is missing, or which service failed and why.
 */
export async function stackUp(options: StackUpOptions = {}): Promise<StackEndpoints> {
  if (process.platform !== "linux") throw notLinux();
  const layout = layoutOf(options.name ?? defaultStackName);
  const say = options.onProgress ?? (() => undefined);
  const run: Run = {
    layout,
    brokers: options.brokers,
    watch: options.watch ?? false,
    say,
    step: (text) => say({ kind: "step", text }),
    signal: options.signal ?? new AbortController().signal,
    timeoutMs: options.timeoutMs ?? 90_000,
    extraFlags: options.extraFlags ?? {},
    adjust: options.adjust ?? ((plan) => plan),
    environment: stackEnvironment(layout, environment()),
  };
  // Two minutes: another `up` of this stack may be fetching.
  return withLock(layout.root, { waitMs: 120_000, signal: run.signal }, async () => {
    const state = await readState(layout);
    const endpoints = state?.phase === "up" ? await revive(run, state) : await startAnew(run);
    if (run.watch) await watchStack(run);
    return endpoints;
  });
}

/** Starts what watches the stack, which is up and stays so where that fails. */
async function watchStack(run: Run): Promise<void> {
  const state = await readState(run.layout);
  if (state === undefined) return;
  const watched = await withWatchers(run.layout, state, run.step);
  // Those that were there already were looked after with the other services.
  if (watched === state) return;
  try {
    await startServices(run, watched);
  } catch (error) {
    await writeState(run.layout, state);
    throw error;
  }
}

function notLinux(): CliError {
  return new CliError(`the native stack needs Linux, this is ${process.platform}`, {
    code: "STACK_PLATFORM",
    fix: "With Docker: docker compose up --wait",
  });
}

/** Starts a stack from nothing. Whatever a killed command left of it goes first. */
async function startAnew(run: Run): Promise<StackEndpoints> {
  const { layout } = run;
  await removeStack(layout);
  // The logs of the last time have been kept long enough: among new lines they would only mislead.
  await rm(layout.logs, { recursive: true, force: true });
  try {
    await mkdir(layout.temporary, ownersOnly);
    // The folder may be an older one, and what is in it is as readable as it is.
    await chmod(layout.root, ownersOnly.mode);
    return await startOnFreePorts(run);
  } catch (error) {
    await removeStack(layout);
    throw error;
  }
}

/** A port that was free may be taken by the time its service wants it; then, once, all ports are chosen again. */
async function startOnFreePorts(run: Run): Promise<StackEndpoints> {
  const started = await startOnce(run).catch((error: unknown) => {
    if (error instanceof CliError && error.code === "STACK_PORT_TAKEN") return undefined;
    throw error;
  });
  if (started !== undefined) return started;
  run.step("a port was taken in the meantime; starting again on others");
  await removeStack(run.layout);
  await mkdir(run.layout.temporary, ownersOnly);
  return startOnce(run);
}

async function startOnce(run: Run): Promise<StackEndpoints> {
  const reservations = reservePorts(await portsOfOthers(run.layout.name));
  try {
    return await startOn(reservations, run);
  } finally {
    reservations.release();
  }
}

async function startOn({ isFree }: PortReservations, run: Run): Promise<StackEndpoints> {
  const { layout, signal, extraFlags, adjust } = run;
  const compose = await readCompose(join(repositoryRoot, "docker-compose.yml"));
  const brokers = checkBrokers(run.brokers, brokersOf(compose).length);
  const { java, programs } = await gatherPrograms(run);
  const choose = (needs: readonly PortNeed[]) => choosePorts(needs, { isFree, start: Math.random() });
  const planner = { compose, programs, randomId: () => randomBytes(16).toString("base64url") };
  const prepare = { ...programs, environment: run.environment, signal };
  const jvmFlags = await classArchives({
    ...{ ...programs, java, prepare, say: run.step },
    plan: async (rehearsal, flags) => {
      const ports = await choose(anyPortNeeds(compose));
      return planStack({ ...planner, layout: rehearsal, brokers: 1, ports, jvmFlags: flags });
    },
  });
  const ports = await choose(portNeeds(compose, brokers));
  const plan = adjust(planStack({ ...planner, layout, brokers, ports, jvmFlags, extraFlags }));
  signal.throwIfAborted();
  await prepareStack(layout, plan, prepare);
  return startServices(run, newState(plan, brokers));
}

/** Finds what is installed and fetches what is not. */
async function gatherPrograms(run: Run) {
  const tools = await findTools(placesOf(environment()), isProvisioned);
  const { java } = tools;
  // Behind a proxy Maven is configured by variables that the servers have no business with.
  const provisions = await provision(tools, {
    ...run,
    say: run.step,
    environment: { ...environment(), ...run.environment },
  });
  return { java, programs: { ...tools, ...provisions, java: java.path, asRoot: process.getuid?.() === 0 } };
}

/** Ports for one broker and its company that leave the published ones to others. */
function anyPortNeeds(compose: ComposeFile): readonly PortNeed[] {
  return portNeeds(compose, 1).map(({ key }) => ({ key }));
}

function newState(plan: StackPlan, brokers: number): StackState {
  const { endpoints, offsetsPartitions } = plan;
  const services = plan.services.map((service) => ({ ...service, process: undefined }));
  return { version: 1, phase: "starting", brokers, offsetsPartitions, endpoints, services };
}

function checkBrokers(wanted: number | undefined, all: number): number {
  const brokers = wanted ?? all;
  if (brokers === 1 || brokers === all) return brokers;
  throw new CliError(`a stack has 1 or ${all} brokers, got ${brokers}`, {
    code: "STACK_BROKERS",
    exitCode: exitCodes.usage,
  });
}

/** Looks after a stack that was up once: nothing to do when all of it answers, else what is dead is started again. */
async function revive(run: Run, state: StackState): Promise<StackEndpoints> {
  if (run.brokers !== undefined && run.brokers !== state.brokers) {
    throw new CliError(`stack ${run.layout.name} runs with brokers: ${state.brokers}, not ${run.brokers}`, {
      code: "STACK_BROKERS",
      exitCode: exitCodes.refused,
      fix: `Remove it with its data first: npm run sluice -- stack down --name ${run.layout.name}`,
    });
  }
  return startServices(run, state);
}

/** Starts every service that has no process, and waits for all. Ends those it started when one fails. */
async function startServices(run: Run, before: StackState): Promise<StackEndpoints> {
  const { layout } = run;
  const mine: Started[] = [];
  try {
    // Written before the first process starts: ports that a killed command leaves behind are known.
    await writeState(layout, before);
    const running = await startMissing(run, before, mine);
    const state = { ...before, services: running.map(({ service }) => service) };
    await writeState(layout, state);
    await waitForAll(run, state, running);
    await writeState(layout, { ...state, phase: "up" });
    return state.endpoints;
  } catch (error) {
    const find = async () => (await Promise.all(mine.map(({ id }) => findSame(id)))).filter((id) => id !== undefined);
    await endProcesses(find, { patienceMs: 0 });
    throw error;
  }
}

interface Running {
  readonly service: ServiceState;
  readonly started: Started;
}

async function startMissing(run: Run, state: StackState, mine: Started[]): Promise<readonly Running[]> {
  const dead: ServiceState[] = [];
  const running: Running[] = [];
  for (const service of state.services) {
    run.signal.throwIfAborted();
    const alive = await findSame(service.process);
    if (alive !== undefined) {
      running.push({ service, started: alreadyStarted(alive) });
      continue;
    }
    const started = await startProcess(service, run.environment);
    mine.push(started);
    running.push({ service: { ...service, process: started.id }, started });
    dead.push(service);
  }
  const isFirst = state.phase !== "up" || dead.every(({ process }) => process === undefined);
  const names = dead.map(({ name }) => name).join(", ");
  if (dead.length > 0) run.step(`${isFirst ? "starting" : "starting again what had ended"}: ${names}`);
  return running;
}

/** Waits until all answer; the first that fails ends the waiting for the others. */
async function waitForAll(run: Run, state: StackState, running: readonly Running[]): Promise<void> {
  const startedAt = performance.now();
  const deadline = startedAt + run.timeoutMs;
  const failure = new AbortController();
  const signal = AbortSignal.any([run.signal, failure.signal]);
  const waits = running.map(async ({ service, started }) => {
    await waitReady(service, started, { deadline, signal });
    run.say({ kind: "ready", service: service.name, port: service.port, afterMs: performance.now() - startedAt });
  });
  await Promise.allSettled(waits.map((wait) => wait.catch((error: unknown) => failure.abort(error))));
  signal.throwIfAborted();
  const broker = running.find(({ service }) => service.probe.kind === "kafka")?.service;
  if (broker !== undefined) await waitCoordinators(broker, state.offsetsPartitions, { deadline, signal });
}
