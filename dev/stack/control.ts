/** Stops, starts and signals one service of a running stack, for fault tests: same ports, same data. */
import { setTimeout as sleep } from "node:timers/promises";
import { CliError, environment } from "../../engine/app/cli.ts";
import { alreadyStarted, type Started, stackEnvironment, startProcess, waitReady } from "./services/launch.ts";
import { type Layout, layoutOf } from "./layout.ts";
import { withLock } from "./lock.ts";
import { findSame, signalProcess } from "./services/processes.ts";
import type { ServiceState } from "./services/service.ts";
import { readState, type StackState, withProcess, writeState } from "./state.ts";
import { notUp } from "./status.ts";

/** Sends a signal to the process of a service, such as SIGSTOP. Does nothing when it has none. */
export async function signalService(name: string, service: string, signal: NodeJS.Signals): Promise<void> {
  const { process } = serviceIn(await stateOf(layoutOf(name)), service);
  const alive = await findSame(process);
  if (alive !== undefined) signalProcess(alive.pid, signal);
}

/**
 * Ends the process of a service and waits until it is gone. SIGKILL is a crash, SIGTERM an orderly end. Does nothing
 * when it has none.
 * @throws CliError when it still runs after `timeoutMs`, default 30 s.
 */
export async function stopService(
  name: string,
  service: string,
  { signal = "SIGTERM", timeoutMs = 30_000 }: { readonly signal?: NodeJS.Signals; readonly timeoutMs?: number } = {},
): Promise<void> {
  const { process } = serviceIn(await stateOf(layoutOf(name)), service);
  await signalService(name, service, signal);
  const deadline = performance.now() + timeoutMs;
  while ((await findSame(process)) !== undefined) {
    if (performance.now() > deadline) {
      throw new CliError(`${service} of stack ${name} still runs ${timeoutMs} ms after ${signal}`, {
        code: "STACK_STOP_TIMEOUT",
      });
    }
    await sleep(20);
  }
}

/**
 * Starts a service again and waits until it answers; one that runs is only waited for.
 * @throws CliError when it does not answer within `timeoutMs`, default 60 s.
 */
export async function startService(
  name: string,
  service: string,
  {
    timeoutMs = 60_000,
    signal = new AbortController().signal,
  }: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {},
): Promise<void> {
  const layout = layoutOf(name);
  const { found, started } = await withLock(layout.root, { waitMs: 10_000, signal }, () =>
    startIfDead(layout, service),
  );
  await waitReady(found, started, { deadline: performance.now() + timeoutMs, signal });
}

async function startIfDead(
  layout: Layout,
  service: string,
): Promise<{ readonly found: ServiceState; readonly started: Started }> {
  const state = await stateOf(layout);
  const found = serviceIn(state, service);
  const alive = await findSame(found.process);
  if (alive !== undefined) return { found, started: alreadyStarted(alive) };
  const started = await startProcess(found, stackEnvironment(layout, environment()));
  await writeState(layout, withProcess(state, service, started.id));
  return { found, started };
}

async function stateOf(layout: Layout): Promise<StackState> {
  const state = await readState(layout);
  if (state === undefined) throw notUp(layout.name);
  return state;
}

function serviceIn(state: StackState, name: string): ServiceState {
  const service = state.services.find((candidate) => candidate.name === name);
  if (service === undefined) {
    const names = state.services.map((candidate) => candidate.name).join(", ");
    throw new CliError(`the stack has no service ${name}, only ${names}`, { code: "STACK_SERVICE" });
  }
  return service;
}
