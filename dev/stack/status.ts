/** Says how a stack is: which of its services have a process, and which of them answer. */
import { CliError } from "../../engine/app/cli.ts";
import type { StackEndpoints } from "./endpoints.ts";
import { defaultStackName, type Layout, layoutOf } from "./layout.ts";
import { ask, problemOf } from "./services/probes.ts";
import { findMarked, findSame } from "./services/processes.ts";
import type { Probe, ServiceState } from "./services/service.ts";
import { readFacts, type StackUser, usersOf } from "./services/users.ts";
import { readState } from "./state.ts";

/** One service, as it is now. */
export interface ServiceStatus {
  readonly name: string;
  /** Undefined when it has no process. */
  readonly pid: number | undefined;
  readonly port: number;
  readonly answered: boolean;
  /** Why it did not answer. */
  readonly problem: string | undefined;
  /** Resident memory. */
  readonly memoryBytes: number | undefined;
  readonly log: string;
}

/** A stack, as it is now. */
export interface StackStatus {
  readonly name: string;
  /** `running` when every service answers, `absent` when there is none of it, else `broken`. */
  readonly condition: "running" | "broken" | "absent";
  readonly services: readonly ServiceStatus[];
  readonly endpoints: StackEndpoints | undefined;
  /** The commands at work on it, such as `npm start`. */
  readonly users: readonly StackUser[];
  /** Processes that carry the stack's mark and are neither its services nor a user's: what a killed command left. */
  readonly strays: readonly number[];
}

/** Long enough for a service that is busy, short enough for a person who waits. */
const answerTimeoutMs = 3_000;

/** Asks every service of the stack. Changes nothing. */
export async function stackStatus({
  name = defaultStackName,
}: {
  readonly name?: string | undefined;
} = {}): Promise<StackStatus> {
  const layout = layoutOf(name);
  const state = await readState(layout);
  const services = await Promise.all((state?.services ?? []).map(serviceStatus));
  const { users, strays } = await findUsers(layout, services);
  const answered = services.length > 0 && services.every((service) => service.answered);
  const absent = services.length + users.length + strays.length === 0;
  return {
    name,
    condition: answered ? "running" : absent ? "absent" : "broken",
    services,
    endpoints: state?.endpoints,
    users,
    strays,
  };
}

async function serviceStatus(service: ServiceState): Promise<ServiceStatus> {
  const process = await findSame(service.process);
  const problem =
    process === undefined
      ? "has no process"
      : await ask(ownProbe(service), answerTimeoutMs).then(() => undefined, problemOf);
  return {
    name: service.name,
    pid: process?.pid,
    port: service.port,
    answered: problem === undefined,
    problem,
    memoryBytes: process?.memoryBytes,
    log: service.log,
  };
}

/** Whether this service answers, and not whether its neighbours do: a broker that misses another one is no dead one. */
function ownProbe({ probe }: ServiceState): Probe {
  return probe.kind === "kafka" ? { ...probe, brokers: 1 } : probe;
}

async function findUsers(
  layout: Layout,
  services: readonly ServiceStatus[],
): Promise<Pick<StackStatus, "users" | "strays">> {
  const known = new Set(services.map(({ pid }) => pid));
  const marked = (await findMarked(layout.root)).map(({ pid }) => pid).filter((pid) => !known.has(pid));
  return usersOf(await readFacts(marked), marked);
}

/** The addresses of a stack, without asking whether it answers. @throws CliError when there is no such stack. */
export async function readEndpoints(name: string = defaultStackName): Promise<StackEndpoints> {
  const state = await readState(layoutOf(name));
  if (state?.phase !== "up") throw notUp(name);
  return state.endpoints;
}

/** The error where a stack is needed that is not there. */
export function notUp(name: string): CliError {
  return new CliError(`stack ${name} is not up`, {
    code: "STACK_NOT_UP",
    fix: `Start it: npm run sluice -- stack up --name ${name}`,
  });
}
