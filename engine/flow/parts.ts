/**
 * What a topology is made of, types erased: the DSL is the only door to these, and it has checked everything.
 * The interpreter, the graph and the drawing read them.
 */
import type { Item, Outcome, Pivot, RecordContext } from "./processor.ts";
import type { RecordSchema } from "../avro/avro.ts";
import type { Edge } from "./graph.ts";

/** A pure, named function from what a path carries to the record its sink takes. */
export type Project<In, R> = (value: In, context: RecordContext) => R;

/** What the record of an undo is projected from. */
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
  readonly maxRecordBytes?: number;
  readonly check?: (value: unknown, key: Buffer | null) => string | undefined;
  readonly otherSubjects?: readonly string[];
}
/** A batch function, erased. */
export type AnyRunMany<R> = (items: readonly Item<unknown>[], deps: unknown) => Promise<R>;
/** A single function, erased. */
export type AnyRun<R> = (value: unknown, deps: unknown, context: RecordContext) => Promise<R>;
/** A processor, erased. */
export interface AnyProcessor {
  readonly name: string;
  readonly compensatable: readonly string[];
  readonly ahead?: boolean;
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
  /** Where a record of the undo is written, and how; both undefined where none is. */
  readonly sink: AnyTopic | undefined;
  readonly project: Project<Undone<unknown>, unknown> | undefined;
}
/** A step, erased. */
export interface AnyStep {
  /** The processor's name, unless the step has been given one of its own. */
  readonly name: string;
  readonly processor: AnyProcessor;
  /** Attempts at a retriable failure; undefined: the worker's limit. At least 1. */
  readonly attempts?: number | undefined;
  /** Of one attempt; undefined: no limit. At least 1. */
  readonly timeoutMs?: number | undefined;
  /** Whether poison is an outcome of the step. */
  readonly catchPoison: boolean;
  readonly undo: Readonly<Record<string, AnyUndo | Pivot>>;
}
/** A write to a sink. */
export interface Writing {
  readonly sink: AnySink;
  /** Answers a record; a list of them where `many` is set. */
  readonly project: Project<unknown, unknown>;
  readonly many?: boolean;
}
/** What an edge does on its way, with its functions. */
export type InlineParts =
  | { readonly does: "also"; readonly writing: Writing }
  | { readonly does: "map"; readonly map: Project<unknown, unknown> }
  | { readonly does: "keep"; readonly name: string };
/** An edge with its sink and functions. */
export interface EdgeParts {
  readonly edge: Edge;
  readonly inline?: readonly InlineParts[] | undefined;
  /** Where the edge ends in a sink. */
  readonly writing?: Writing;
}
/** Everything a topology is made of. */
export interface Parts {
  readonly sources: readonly AnyTopic[];
  readonly steps: readonly AnyStep[];
  readonly edges: readonly EdgeParts[];
}

/** Every topic and store that paths and undos write to. */
export const sinksOf = ({ steps, edges }: Pick<Parts, "steps" | "edges">): readonly AnySink[] => [
  ...edges.flatMap((parts) => writingsOf(parts).map(({ sink }) => sink)),
  ...steps.flatMap(({ undo }) =>
    Object.values(undo).flatMap((u) => ("pivot" in u || u.sink === undefined ? [] : [u.sink])),
  ),
];

const writingsOf = ({ inline = [], writing }: EdgeParts): readonly Writing[] => [
  ...inline.flatMap((part) => (part.does === "also" ? [part.writing] : [])),
  ...(writing === undefined ? [] : [writing]),
];

/** The topics among them, each once. */
export const writtenTopics = (parts: Parts): readonly AnyTopic[] => {
  const topics = sinksOf(parts).filter((sink) => sink.kind === "topic");
  return [...new Map(topics.map((topic) => [topic.name, topic])).values()];
};
