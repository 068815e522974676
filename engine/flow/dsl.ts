/**
 * The topology DSL: a value that says what happens to every outcome; what it leaves unhandled does not compile.
 * Types check what is local (this record, this step); `validateGraph` checks what needs the whole graph.
 */
import type { Compensation, Outcome, Pivot, Poisoned, Processor, Variant } from "./processor.ts";
import type { Topic } from "../avro/topic.ts";
import type { Store } from "./store.ts";
import { describeParts, mergeShared } from "./compile.ts";
import { type Edge, graphHash, type Inline, type TopologyGraph } from "./graph.ts";
import type {
  AnyProcessor,
  AnySink,
  AnyStep,
  AnyTopic,
  AnyUndo,
  EdgeParts,
  InlineParts,
  Parts,
  Project,
  Undone,
} from "./parts.ts";
import { InvalidTopology, validateGraph } from "./validate.ts";

/** Where a path can end. */
export type Sink<R, Deps> = Topic<R> | Store<R, Deps>;

declare const undoes: unique symbol;
/** An undo where it is placed: the compensation, and the record that is written of it, if one is. */
export interface Undo<Done, Deps> {
  readonly parts: AnyUndo;
  readonly [undoes]?: (done: Done, deps: Deps) => void;
}

/**
 * Places a compensation: it runs when the path fails later. With a sink, a record of it is written there; without one,
 * the effect is undone and nothing is written.
 */
export const undo = <Done, Deps, R = never>(
  compensation: Compensation<Done, Deps>,
  ...record: [] | [sink: Topic<R>, project: Project<Undone<Done>, NoInfer<R>>]
): Undo<Done, Deps> => {
  const [sink, project] = record;
  // Types are erased here, once: the signature has checked that the projection fits the compensation and the sink.
  return { parts: { compensation, sink, project } as unknown as AnyUndo };
};

/** What a step may say of itself. */
export interface StepOptions {
  /** The step's name, kebab-case; the processor's by default. Needed where one processor is placed twice. */
  readonly as?: string;
  /** Attempts at a retriable failure before it counts as failed, at least 1; the worker's limit by default. */
  readonly attempts?: number;
  /**
   * The longest one attempt may take, in ms, at least 1; no limit by default. An attempt that takes longer fails with the
   * retriable error STEP_TIMEOUT. It is not stopped: its effects may still happen, also beside those of the next attempt,
   * so the processor must be idempotent by the record's idempotency key. A record that times out at its last attempt is
   * dead-lettered in doubt.
   */
  readonly timeoutMs?: number;
  /**
   * Makes poison at this step an outcome, `poison`, which has an arm like every other one, instead of a dead letter. False
   * by default. What the path holds is undone where the arm ends in `fail`, and kept where it does not. The worker holds when
   * too many records become dead letters, but not for poison that is caught: nothing stops a fault that makes all poison.
   * Write `true` where the step is placed: options in a variable hide it from the types, and `defineTopology` refuses them.
   */
  readonly catchPoison?: boolean;
}
type PoisonOutcome<T, O> = O extends { readonly catchPoison: true } ? Poisoned<T> : never;

type UndoArms<Out extends Outcome, C extends Out["kind"], Kept> = {
  readonly [K in C]: Undo<Variant<Out, K> & Kept, never> | Pivot;
};
type StepArguments<C, U, O> = [C] extends [never] ? [options?: O] : [undo: U, options?: O];
type UndoNeeds<U> = U[keyof U] extends Undo<never, infer Deps> | Pivot ? Deps : never;

type IsUnion<T, U = T> = T extends unknown ? ([U] extends [T] ? false : true) : never;
type After<Out extends Outcome, Deps, Kept> = string extends Out["kind"]
  ? "kind is not a literal type: annotate what run returns"
  : IsUnion<Out["kind"]> extends true
    ? Fork<Out, Deps, Kept>
    : Stream<Out & Kept, Deps, Kept>;

declare const needs: unique symbol;
/** A finished path. `Deps` is contravariant, so when paths join, their needs add up. */
export interface End<Deps> {
  readonly parts: Parts;
  readonly [needs]?: (deps: Deps) => void;
}
/** What must be handed to the code that runs this; of several ends, what all of them need together. */
export type NeedsOf<E> = [E] extends [End<infer Deps>] ? Deps : never;

type Arms<Out extends Outcome, K extends Out["kind"], Kept> = {
  readonly [X in K]: (stream: Stream<Variant<Out, X> & Kept, unknown, Kept>) => End<never>;
};
type ArmNeeds<A> = A[keyof A] extends (stream: never) => End<infer Deps> ? Deps : never;
type NoOther<A, K extends PropertyKey> = { readonly [X in Exclude<keyof A, K>]: never };

/** A path that carries one kind of value. `Kept`: what `keep` has kept, which every later outcome has too. */
export interface Stream<T, Deps, Kept = unknown> {
  /** Runs a processor. One with compensatable outcomes must be given their undo. */
  readonly step: <
    Out extends Outcome,
    D,
    C extends Out["kind"],
    U extends UndoArms<Out, C, Kept> & NoOther<U, C>,
    const O extends StepOptions = StepOptions,
  >(
    processor: Processor<T, Out, D, C>,
    ...undoAndOptions: StepArguments<C, U, O & NoOther<O, keyof StepOptions>>
  ) => After<Out | PoisonOutcome<T, O>, Deps & D & UndoNeeds<U>, Kept>;
  /**
   * Keeps the value under a name: the path carries `{ [name]: value }` and what it kept before, and every later outcome
   * has these fields too, as have its undo and its arms. So no step has to hand its input on by itself.
   */
  readonly keep: <const N extends string>(
    name: N extends "kind" ? never : N,
  ) => Stream<Kept & { readonly [X in N]: T }, Deps, Kept & { readonly [X in N]: T }>;
  /** Changes the value by a pure, named function. One that throws makes the record poison. */
  readonly map: <R>(map: Project<T, R>) => Stream<R, Deps, Kept>;
  /** Writes a record and goes on. It stays written, whatever becomes of the path. */
  readonly also: <R, D>(sink: Sink<R, D>, project: Project<T, NoInfer<R>>) => Stream<T, Deps & NoInfer<D>, Kept>;
  /** Ends the path by writing any number of records to a topic: 0 to 1,000, more is poison. */
  readonly toMany: <R>(sink: Topic<R>, project: Project<T, readonly NoInfer<R>[]>) => End<Deps>;
  /** Ends the path by writing a record. */
  readonly to: <R, D>(sink: Sink<R, D>, project: Project<T, NoInfer<R>>) => End<Deps & NoInfer<D>>;
  /** Ends the path as a failure: undoes the completed steps, last first, then writes a record. */
  readonly fail: <R, D>(sink: Sink<R, D>, project: Project<T, NoInfer<R>>) => End<Deps & NoInfer<D>>;
  /** Ends the path and writes nothing. */
  readonly drop: (reason: string) => End<Deps>;
}

/** A path with several possible outcomes. They must be distinguished before it can go on. */
export interface Fork<Out extends Outcome, Deps, Kept = unknown> {
  /** Every outcome has an arm; there is no main path. */
  readonly branch: <A extends Arms<Out, Out["kind"], Kept> & NoOther<A, Out["kind"]>>(
    arms: A,
  ) => End<Deps & ArmNeeds<A>>;
  /** One outcome goes on; every other outcome has an arm. */
  readonly continueOn: <
    K extends Out["kind"],
    A extends Arms<Out, Exclude<Out["kind"], K>, Kept> & NoOther<A, Exclude<Out["kind"], K>>,
  >(
    kind: K,
    arms: A,
  ) => Stream<Variant<Out, K> & Kept, Deps & ArmNeeds<A>, Kept>;
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
type AnyUndoArms = Readonly<Record<string, { readonly parts: AnyUndo } | Pivot>>;

const unwrap = (arms: AnyUndoArms): AnyStep["undo"] =>
  Object.fromEntries(Object.entries(arms).map(([kind, arm]) => [kind, "pivot" in arm ? arm : arm.parts]));

/** Where a path is: the exits that lead here, and what the edges from them do before their end. */
interface Position {
  readonly exits: readonly { readonly from: string; readonly on: string }[];
  readonly inline: readonly { readonly described: Inline; readonly parts: InlineParts }[];
}

/** Both Stream and Fork; the types show a caller only the half that is safe. Immutable: every call returns a new one. */
const cursor = (parts: Parts, at: Position) => {
  const add = (end: EdgeEnd, rest: Pick<EdgeParts, "writing"> = {}, steps: readonly AnyStep[] = []): Parts =>
    join(parts, { sources: [], steps, edges: at.exits.map((exit) => edgeOf({ ...at, exits: [exit] }, end, rest)) });
  const write = (does: "to" | "toMany" | "fail") => (sink: AnySink, project: Project<unknown, unknown>) => ({
    parts: add(
      { does, sink: sink.name, project: project.name },
      { writing: { sink, project, ...(does === "toMany" ? { many: true } : {}) } },
    ),
  });
  const then = (described: Inline, more: InlineParts): unknown =>
    cursor(parts, { ...at, inline: [...at.inline, { described, parts: more }] });
  const after = (kind: string): Position => ({ exits: at.exits.map(({ from }) => ({ from, on: kind })), inline: [] });
  const follow = (arms: AnyArms) =>
    join(parts, ...Object.entries(arms).map(([kind, arm]) => arm(cursor(nothing, after(kind))).parts));
  return {
    step: (processor: AnyProcessor, ...rest: readonly unknown[]): unknown => {
      const step = stepOf(processor, rest);
      return cursor(add({ does: "step", step: step.name }, {}, [step]), {
        exits: [{ from: step.name, on: "*" }],
        inline: [],
      });
    },
    keep: (name: string) => then({ does: "keep", name }, { does: "keep", name }),
    map: (map: Project<unknown, unknown>) => then({ does: "map", map: map.name }, { does: "map", map }),
    also: (sink: AnySink, project: Project<unknown, unknown>) =>
      then({ does: "also", sink: sink.name, project: project.name }, { does: "also", writing: { sink, project } }),
    to: write("to"),
    toMany: write("toMany"),
    fail: write("fail"),
    drop: (reason: string) => ({ parts: add({ does: "drop", reason }) }),
    branch: (arms: AnyArms) => ({ parts: follow(arms) }),
    continueOn: (kind: string, arms: AnyArms): unknown => cursor(follow(arms), after(kind)),
  };
};

type WithoutExit<E> = E extends unknown ? Omit<E, "from" | "on" | "inline"> : never;
type EdgeEnd = WithoutExit<Edge>;

const edgeOf = ({ exits: [exit], inline }: Position, end: EdgeEnd, rest: Pick<EdgeParts, "writing">): EdgeParts => {
  const { from = "", on = "" } = exit ?? {};
  if (inline.length === 0) return { edge: { from, on, ...end }, ...rest };
  const described = inline.map((one) => one.described);
  return { edge: { from, on, inline: described, ...end }, inline: inline.map((one) => one.parts), ...rest };
};

/** The types have seen to it that a processor with compensatable outcomes comes with their undos, and no other does. */
const stepOf = (processor: AnyProcessor, rest: readonly unknown[]): AnyStep => {
  const [undoArms, options] = processor.compensatable.length > 0 ? rest : [{}, rest[0]];
  const { as = processor.name, attempts, timeoutMs, catchPoison = false } = (options ?? {}) as StepOptions;
  return { name: as, processor, undo: unwrap((undoArms ?? {}) as AnyUndoArms), attempts, timeoutMs, catchPoison };
};

/** Any topic: topics are invariant in their record, so that several have no common type but this. */
type Source = Pick<AnyTopic, "kind" | "name">;
type SourceValue<S> = S extends Topic<infer T> ? T : S extends readonly Source[] ? SourceValue<S[number]> : never;

/** Starts a flow at a topic, or at several whose records take one path: its value is any of theirs. */
export const from = <const S extends Source | readonly [Source, ...Source[]], Deps>(
  source: S,
  build: (stream: Stream<SourceValue<S>, unknown>) => End<Deps>,
): End<Deps> => {
  // Types are erased here, once: what a topology is made of is checked by the signatures only.
  const sources = (Array.isArray(source) ? source : [source]) as unknown as readonly AnyTopic[];
  const exits = sources.map(({ name }) => ({ from: name, on: "*" }));
  return build(cursor({ ...nothing, sources }, { exits, inline: [] }) as unknown as Stream<SourceValue<S>, unknown>);
};

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
