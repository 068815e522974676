/**
 * Class archives: what a JVM learns while it starts, kept for the next start (AppCDS). Made once by a rehearsal: one
 * broker and one registry are started, asked, and ended. Measured on 2 cores with Java 25: CPU time to start falls from
 * 2.8 to 1.6 s for a broker and from 5.0 to 2.0 s for the registry (together with its compiler flag in the compose
 * file), and three brokers are up in 7 s instead of 10.
 */
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { basename, join } from "node:path";
import {
  type Preparation,
  prepareStack,
  type Started,
  startProcess,
  waitCoordinators,
  waitReady,
} from "../services/launch.ts";
import { cacheDirectory, type Layout, layoutAt } from "../layout.ts";
import type { StackPlan } from "../plan.ts";
import { endProcesses, findSame } from "../services/processes.ts";
import { makeOnce } from "../services/provision.ts";
import type { Java } from "../services/tools.ts";

/** The flags that make each kind of JVM use its archive; empty where there is none. */
export interface ArchiveFlags {
  readonly kafka: readonly string[];
  readonly registry: readonly string[];
}

/** What a rehearsal needs. */
export interface Rehearsal {
  readonly java: Java;
  /** An archive fits the jars and the Java it was made with, and no others. */
  readonly kafkaVersion: string;
  readonly registryVersion: string;
  /** Plans a stack of one broker in a folder of its own. */
  readonly plan: (layout: Layout, jvmFlags: ArchiveFlags) => Promise<StackPlan>;
  readonly prepare: Preparation;
  readonly say: (text: string) => void;
}

// The time for a JVM to start and to write its archive is 5 s; a busy machine may need many times that.
const timeoutMs = 60_000;

/**
 * The flags for this Java, after a rehearsal if there has been none. A stack starts without them too, so when the
 * rehearsal fails that is said, and it is tried again next time.
 * @throws the reason of the signal when aborted.
 */
export async function classArchives(rehearsal: Rehearsal): Promise<ArchiveFlags> {
  const { java, kafkaVersion, registryVersion, say } = rehearsal;
  const { signal } = rehearsal.prepare;
  const name = `archives-kafka-${kafkaVersion}-registry-${registryVersion}-java-${java.version}`;
  const directory = join(cacheDirectory, name);
  try {
    await makeOnce(directory, signal, async (unfinished) => {
      say("rehearsing a start to make later ones faster: once, about ten seconds");
      await rehearse(rehearsal, unfinished);
    });
  } catch (error) {
    signal.throwIfAborted();
    say(`the rehearsal failed, starting without it: ${error instanceof Error ? error.message : String(error)}`);
    return { kafka: [], registry: [] };
  }
  const use = (kind: string) => [`-XX:SharedArchiveFile=${archiveIn(directory, kind)}`];
  return { kafka: use("kafka"), registry: use("registry") };
}

function archiveIn(directory: string, kind: string): string {
  return join(directory, `${kind}.jsa`);
}

/** Starts one broker and one registry, asks them, and ends them in good order, which is when they write. */
async function rehearse({ plan, prepare }: Rehearsal, directory: string): Promise<void> {
  const layout = layoutAt(basename(directory), join(directory, "rehearsal"));
  const record = (kind: string) => [`-XX:ArchiveClassesAtExit=${archiveIn(directory, kind)}`];
  const stack = await plan(layout, { kafka: record("kafka"), registry: record("registry") });
  const services = stack.services.filter(({ probe }) => probe.kind === "kafka" || probe.kind === "registry");
  await prepareStack(layout, { ...stack, services }, prepare);
  const started: Started[] = [];
  try {
    const deadline = performance.now() + timeoutMs;
    for (const service of services) started.push(await startProcess(service, prepare.environment));
    await Promise.all(
      services.map(async (service, i) => {
        await waitReady(service, started[i] as Started, { deadline, signal: prepare.signal });
        if (service.probe.kind !== "kafka") return;
        await waitCoordinators(service, stack.offsetsPartitions, { deadline, signal: prepare.signal });
      }),
    );
    await end(started, timeoutMs);
  } finally {
    await end(started, 0);
  }
  for (const kind of ["kafka", "registry"]) {
    if (!existsSync(archiveIn(directory, kind))) throw new Error(`Java wrote no archive of ${kind}`);
  }
  await rm(layout.root, { recursive: true });
}

async function end(started: readonly Started[], patienceMs: number): Promise<void> {
  const find = async () => (await Promise.all(started.map(({ id }) => findSame(id)))).filter((id) => id !== undefined);
  await endProcesses(find, { patienceMs });
}
