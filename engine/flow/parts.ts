/**
 * What a topology is made of, types erased: the DSL is the only door to these, and it has checked everything.
 * The interpreter, the graph and the drawing read them.
 */
import type { Item, Outcome, Pivot, RecordContext } from "./processor.ts";
import type { RecordSchema } from "../avro/avro.ts";
import type { Edge } from "./graph.ts";

/** A pure, named function from what a path carries to the record its sink takes. */
export type Project<In, R> = (value: In, context: RecordContext) => R;

/** What is told of an effect that was undone. */
export interface Undone<Done> {
  readonly done: Done;
  /** The outcome that made it necessary, or the code of the error of a step that found the record wrong. */
  readonly reason: string;
  /** When it was undone, epoch ms. */
  readonly undoneAt: number;
}

/** A sink, erased. */
export type AnySink =
  | AnyTopic
  | {
      readonly kind: "store";
      readonly name: string;
      readonly write?: AnyRun<void> | undefined;
      readonly writeMany?: AnyRunMany<void> | undefined;
    };
/** A topic, erased. */
export interface AnyTopic {
  readonly kind: "topic";
  readonly name: string;
  readonly schema: Pick<RecordSchema<unknown>, "name" | "avro">;
  readonly partitions: number;
  readonly config?: Readonly<Record<string, string>>;
  readonly key: (value: unknown) => string;
  readonly keyedBy?: string;
  readonly id: (value: unknown) => string;
}
/** A batch function, erased. */
export type AnyRunMany<R> = (items: readonly Item<unknown>[], deps: unknown) => Promise<R>;
/** A single function, erased. */
export type AnyRun<R> = (value: unknown, deps: unknown, context: RecordContext) => Promise<R>;
/** A processor, erased. */
export interface AnyProcessor {
  readonly name: string;
  readonly compensatable: readonly string[];
  readonly run?: AnyRun<Outcome>;
  readonly runMany?: AnyRunMany<readonly Outcome[]>;
}
/** An undo, erased. */
export interface AnyUndo {
  readonly compensation: {
    readonly name: string;
    readonly run?: AnyRun<void>;
    readonly runMany?: AnyRunMany<void>;
  };
  readonly sink: AnyTopic;
  readonly project: Project<Undone<unknown>, unknown>;
}
/** A step, erased. */
export interface AnyStep {
  readonly processor: AnyProcessor;
  readonly undo: Readonly<Record<string, AnyUndo | Pivot>>;
}
/** An edge with what it stands for. */
export interface BoundEdge {
  readonly edge: Edge;
  readonly sink?: AnySink;
  readonly project?: Project<unknown, unknown>;
}
/** Everything a topology is made of. */
export interface Parts {
  readonly sources: readonly AnyTopic[];
  readonly steps: readonly AnyStep[];
  readonly edges: readonly BoundEdge[];
}

/** Every topic and store that paths and undos write to. */
export const sinksOf = ({ steps, edges }: Pick<Parts, "steps" | "edges">): readonly AnySink[] => [
  ...edges.flatMap(({ sink }) => (sink === undefined ? [] : [sink])),
  ...steps.flatMap(({ undo }) => Object.values(undo).flatMap((u) => ("pivot" in u ? [] : [u.sink]))),
];

/** The topics among them, each once. */
export const writtenTopics = (parts: Parts): readonly AnyTopic[] => {
  const topics = sinksOf(parts).filter((sink) => sink.kind === "topic");
  return [...new Map(topics.map((topic) => [topic.name, topic])).values()];
};
