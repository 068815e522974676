/**
 * The topology DSL: a value that says what happens to every outcome; what it leaves unhandled does not compile.
 * Types check what is local (this record, this step); `validateGraph` checks what needs the whole graph.
 */
import type { Compensation, Outcome, Pivot, Processor, Variant } from "./processor.ts";
import type { Topic } from "../avro/topic.ts";
import type { Store } from "./store.ts";
import { describeParts, mergeShared } from "./compile.ts";
import { graphHash, type TopologyGraph } from "./graph.ts";
import type { AnyProcessor, AnySink, AnyStep, AnyTopic, AnyUndo, BoundEdge, Parts, Project, Undone } from "./parts.ts";
import { InvalidTopology, validateGraph } from "./validate.ts";

/** Where a path can end. */
export type Sink<R, Deps> = Topic<R> | Store<R, Deps>;

declare const undoes: unique symbol;
/** An undo where it is placed: the compensation, and the record that tells of it. */
export interface Undo<Done, Deps> {
  readonly bound: AnyUndo;
  readonly [undoes]?: (done: Done, deps: Deps) => void;
}

/** Places a compensation: it runs when the path fails later, and a record of it is written to `sink`. */
export const undo = <Done, Deps, R>(
  compensation: Compensation<Done, Deps>,
  sink: Topic<R>,
  project: Project<Undone<Done>, NoInfer<R>>,
): Undo<Done, Deps> => ({ bound: { compensation, sink, project } as unknown as AnyUndo });

type UndoArms<Out extends Outcome, C extends Out["kind"]> = {
  readonly [K in C]: Undo<Variant<Out, K>, never> | Pivot;
};
type UndoArgument<C, U> = [C] extends [never] ? [] : [undo: U];
type UndoNeeds<U> = U[keyof U] extends Undo<never, infer Deps> | Pivot ? Deps : never;

type IsUnion<T, U = T> = T extends unknown ? ([U] extends [T] ? false : true) : never;
type After<Out extends Outcome, Deps> = string extends Out["kind"]
  ? "kind is not a literal type: annotate what run returns"
  : IsUnion<Out["kind"]> extends true
    ? Fork<Out, Deps>
    : Stream<Out, Deps>;

declare const needs: unique symbol;
/** A finished path. `Deps` is contravariant, so when paths join, their needs add up. */
export interface End<Deps> {
  readonly parts: Parts;
  readonly [needs]?: (deps: Deps) => void;
}
/** What must be handed to whoever runs this; of several ends, what all of them need together. */
export type NeedsOf<E> = [E] extends [End<infer Deps>] ? Deps : never;

type Arms<Out extends Outcome, K extends Out["kind"]> = {
  readonly [X in K]: (stream: Stream<Variant<Out, X>, unknown>) => End<never>;
};
type ArmNeeds<A> = A[keyof A] extends (stream: never) => End<infer Deps> ? Deps : never;
type NoOther<A, K extends PropertyKey> = { readonly [X in Exclude<keyof A, K>]: never };

/** A path that carries one kind of value. */
export interface Stream<T, Deps> {
  /** Runs a processor. One with compensatable outcomes must be given their undo. */
  readonly step: <Out extends Outcome, D, C extends Out["kind"], U extends UndoArms<Out, C> & NoOther<U, C>>(
    processor: Processor<T, Out, D, C>,
    ...undo: UndoArgument<C, U>
  ) => After<Out, Deps & D & UndoNeeds<U>>;
  /** Ends the path by writing a record. */
  readonly to: <R, D>(sink: Sink<R, D>, project: Project<T, NoInfer<R>>) => End<Deps & NoInfer<D>>;
  /** Ends the path as a failure: undoes the completed steps, last first, then writes a record. */
  readonly fail: <R, D>(sink: Sink<R, D>, project: Project<T, NoInfer<R>>) => End<Deps & NoInfer<D>>;
  /** Ends the path and writes nothing. */
  readonly drop: (reason: string) => End<Deps>;
}

/** A path with several possible outcomes. They must be told apart before it can go on. */
export interface Fork<Out extends Outcome, Deps> {
  /** Every outcome has an arm; there is no main path. */
  readonly branch: <A extends Arms<Out, Out["kind"]> & NoOther<A, Out["kind"]>>(arms: A) => End<Deps & ArmNeeds<A>>;
  /** One outcome goes on; every other outcome has an arm. */
  readonly continueOn: <
    K extends Out["kind"],
    A extends Arms<Out, Exclude<Out["kind"], K>> & NoOther<A, Exclude<Out["kind"], K>>,
  >(
    kind: K,
    arms: A,
  ) => Stream<Variant<Out, K>, Deps & ArmNeeds<A>>;
}

/** A topology: what is planned, deployed, drawn, tested in process, simulated and run. */
export interface Topology<Deps> extends End<Deps> {
  readonly graph: TopologyGraph;
  /** SHA-256 of the graph's canonical JSON: the topology's version. */
  readonly hash: string;
}

// From here on types are erased: the interfaces above are the only door, and they have checked everything.
const nothing: Parts = { sources: [], steps: [], edges: [] };
const join = (...all: readonly Parts[]): Parts => ({
  sources: all.flatMap((p) => p.sources),
  steps: all.flatMap((p) => p.steps),
  edges: all.flatMap((p) => p.edges),
});
type AnyArms = Readonly<Record<string, (stream: unknown) => { readonly parts: Parts }>>;
type AnyUndoArms = Readonly<Record<string, { readonly bound: AnyUndo } | Pivot>>;

const unwrap = (arms: AnyUndoArms): AnyStep["undo"] =>
  Object.fromEntries(Object.entries(arms).map(([kind, arm]) => [kind, "pivot" in arm ? arm : arm.bound]));

/** Plays both Stream and Fork; the types show a caller only the half that is safe. Immutable: every call returns a new one. */
const cursor = (parts: Parts, from: string, on: string) => {
  const add = (edge: BoundEdge, more: Partial<Parts> = {}) => join(parts, { ...nothing, ...more, edges: [edge] });
  const write = (does: "to" | "fail") => (sink: AnySink, project: Project<unknown, unknown>) => ({
    parts: add({ edge: { from, on, does, sink: sink.name, project: project.name }, sink, project }),
  });
  const follow = (arms: AnyArms) =>
    join(parts, ...Object.entries(arms).map(([kind, arm]) => arm(cursor(nothing, from, kind)).parts));
  return {
    step: (processor: AnyProcessor, undoArms: AnyUndoArms = {}): unknown =>
      cursor(
        add(
          { edge: { from, on, does: "step", step: processor.name } },
          { steps: [{ processor, undo: unwrap(undoArms) }] },
        ),
        processor.name,
        "*",
      ),
    to: write("to"),
    fail: write("fail"),
    drop: (reason: string) => ({ parts: add({ edge: { from, on, does: "drop", reason } }) }),
    branch: (arms: AnyArms) => ({ parts: follow(arms) }),
    continueOn: (kind: string, arms: AnyArms): unknown => cursor(follow(arms), from, kind),
  };
};

/** Starts a flow at a topic. */
export const from = <T, Deps>(source: Topic<T>, build: (stream: Stream<T, unknown>) => End<Deps>): End<Deps> =>
  build(
    cursor({ ...nothing, sources: [source as unknown as AnyTopic] }, source.name, "*") as unknown as Stream<T, unknown>,
  );

/**
 * Joins flows into a topology. Paths that several arms share are one path in the graph.
 * @throws InvalidTopology naming every rule the graph breaks that types cannot see.
 */
export const defineTopology = <const F extends readonly End<never>[]>(
  name: string,
  ...flows: F
): Topology<NeedsOf<F[number]>> => {
  const { parts, clashes } = mergeShared(join(...flows.map((flow) => flow.parts)));
  const graph = describeParts(name, parts);
  const broken = [...clashes, ...validateGraph(graph)];
  if (broken.length > 0) throw new InvalidTopology(name, broken);
  return { parts, graph, hash: graphHash(graph) };
};
