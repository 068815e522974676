/** In which order what reads and writes a subject is rolled out: from the measured directions, by name. Pure. */
import type { TopologyGraph } from "../flow/graph.ts";
import { writtenNamesOf } from "../flow/graph.ts";
import type { Verdict } from "./rules.ts";

/** Who reads and writes a topic, as far as topologies say. APIs, relays and other teams are not among them. */
export interface Users {
  readonly topic: string;
  /** Names of topologies. */
  readonly readers: readonly string[];
  readonly writers: readonly string[];
}

/** Finds the users of a topic among an application's topologies. */
export const usersOf = (topic: string, graphs: readonly TopologyGraph[]): Users => ({
  topic,
  readers: graphs.filter(({ sources }) => sources.includes(topic)).map(({ name }) => name),
  writers: graphs.filter((graph) => writtenNamesOf(graph).has(topic)).map(({ name }) => name),
});

/** What to do first and then; undefined where nothing is rolled out: it is refused, or it is a version already. */
export const adviceOf = (
  { against, declaredAs, newReadsOld, oldReadsNew, refused }: Verdict,
  { topic, readers, writers }: Users,
): string | undefined => {
  if (refused || !newReadsOld || against.length === 0 || declaredAs !== null) return undefined;
  if (oldReadsNew) return "Roll out: readers and writers in any order.";
  const whoReads = readers.length === 0 ? `readers of ${topic}` : `readers of ${topic} (${readers.join(", ")})`;
  const whoWrites = writers.length === 0 ? "what writes it" : writers.join(", ");
  return `Roll out: ${whoReads} first, then ${whoWrites}.`;
};
