/**
 * Runs a topology in process: records in, verdicts out, no broker. The interpreter is the worker's; what is left out is
 * time: every call is tried once. Values go through their Avro schemas, so what is read is what a consumer would read.
 */
import { dispositionOf, Poison } from "../errors.ts";
import { Buffer } from "node:buffer";
import { recordContext } from "./record-context.ts";
import type { RecordContext, RecordHeaders } from "../flow/processor.ts";
import { createCodec, type Encoder, encoderFor } from "../avro/codec.ts";
import type { Topic } from "../avro/topic.ts";
import type { Topology } from "../flow/dsl.ts";
import { isBehind } from "../interpreter/behind.ts";
import { createInterpreter } from "../interpreter/interpret.ts";
import { enter } from "../interpreter/record-state.ts";
import { type AnyTopic, writtenTopics } from "../flow/parts.ts";

import {
  type Call,
  emissionsIn,
  type Ending,
  type InLane,
  type Path,
  type Result,
  type StepEnvironment,
  type Turn,
} from "../interpreter/round.ts";

/** How records are sent. */
export interface SendOptions {
  /** What orders them, instead of the topic's own key. */
  readonly key?: string;
  /** The broker's timestamp, epoch ms, instead of `now`. */
  readonly timestampMs?: number;
  /** When the records were accepted, epoch ms, instead of their timestamp: as if they were replayed from the dead letters. */
  readonly acceptedAtMs?: number;
  /** Their headers; none by default. */
  readonly headers?: RecordHeaders;
  /** The offset of the first, instead of the topic's next. One that was sent before keeps its timestamp: a redelivery. */
  readonly offset?: bigint;
}

/** How one record's path ended. */
export type Ended = Ending & {
  readonly offset: bigint;
  /** Its turns in order: `reserve-stock reserved`, `undo release-stock`, `write coupon-issued`, `reserve-stock failed`. */
  readonly trace: readonly string[];
};

/** A topology at work in this process. */
export interface Driver {
  /**
   * Takes values of a source through as one round; answers how each one's path ended, in order. An error of a call ends
   * the paths it was made for; poison that names its record ends that one alone, and the call is made for the others.
   * @throws EncodeFailed where a value is not of the topic's schema. @throws NotInTopology where it is no source.
   * @throws Fatal as a step threw it.
   */
  readonly send: <T>(
    topic: Topic<T>,
    values: NoInfer<T> | readonly NoInfer<T>[],
    options?: SendOptions,
  ) => Promise<readonly Ended[]>;
  /** Everything written to a topic so far, in order. @throws NotInTopology where nothing is ever written there. */
  readonly read: <T>(topic: Topic<T>) => readonly T[];
  /** The same, with the key and the headers of each record. @throws NotInTopology as `read` does. */
  readonly readRecords: <T>(topic: Topic<T>) => readonly WrittenRecord<T>[];
}

/** A record that was written to a topic. */
export interface WrittenRecord<T> {
  readonly value: T;
  readonly key: string;
  /** The trace of the record that caused it, where that one has a trace; else empty. */
  readonly headers: RecordHeaders;
}

/** Options of a driver. `now`: epoch ms; always 2025-01-01T00:00:00Z by default. */
export interface DriverOptions {
  readonly now?: () => number;
}

/** A topic that a driven topology does not have in that place. */
export class NotInTopology extends Error {
  readonly code = "NOT_IN_TOPOLOGY";
  constructor(topic: string, expected: Iterable<string>) {
    super(`expected one of the topics ${[...expected].join(", ")}, got ${topic}`);
  }
}

const newYear2025Ms = 1_735_689_600_000;

/** Makes a driver of a topology and what it needs. */
export const createDriver = <Deps>(
  { parts }: Topology<Deps>,
  deps: NoInfer<Deps>,
  { now = () => newYear2025Ms }: DriverOptions = {},
): Driver => {
  const interpreter = createInterpreter(parts);
  const sources = new Map(parts.sources.map((topic) => [topic.name, { wire: wireOf(topic), stamp: stamper(now) }]));
  const topics = writtenTopics(parts);
  const sinks = sinksOf(topics);
  const written = new Map<string, WrittenRecord<unknown>[]>(topics.map(({ name }) => [name, []]));
  // What is kept under a topic's name was read back by that topic's schema.
  const recordsOf = <T>({ name }: Topic<T>) => [...find(written, name)] as readonly WrittenRecord<T>[];
  return {
    send: async (topic, values, { key, acceptedAtMs, headers, ...when } = {}) => {
      const { wire, stamp } = find(sources, topic.name);
      const { encode, decode } = await wire;
      const wires = await sinks;
      const entrants = listOf(values).map((value, nth) => ({
        value: decode(encode(value)),
        lane: key ?? topic.key(value),
        context: recordContext({
          ...{ topic: topic.name, ...stamp(nth, when), idempotencyKey: topic.id(value) },
          key: Buffer.from(key ?? topic.key(value)),
          ...(acceptedAtMs !== undefined && { acceptedAtMs }),
          ...(headers && { headers }),
        }),
      }));
      const traces = new Map(entrants.map(({ context }) => [context, []]));
      const around = environmentOf({ deps, now, traces, wires });
      const paths = await inTurn(entrants, traces, (some) =>
        interpreter.round(
          topic.name,
          some.map(({ value, context, lane }) => enter(value, context, lane)),
          around,
        ),
      );
      return collect(paths, { traces, wires, written });
    },
    read: (topic) => recordsOf(topic).map(({ value }) => value),
    readRecords: recordsOf,
  };
};

/** As a worker does it: what is behind a record that was given up on goes through again, and only that is told of it. */
const inTurn = async (
  entrants: readonly InLane[],
  traces: Traces,
  take: (entrants: readonly InLane[]) => Promise<readonly Path[]>,
): Promise<readonly Path[]> => {
  const paths = await take(entrants);
  const behind = entrants.filter((_, at) => paths[at] !== undefined && isBehind(paths[at]));
  if (behind.length === 0) return paths;
  for (const { context } of behind) traces.get(context)?.splice(0);
  const later = new Map((await inTurn(behind, traces, take)).map((path) => [path.context, path]));
  return paths.map((path) => later.get(path.context) ?? path);
};

type Traces = ReadonlyMap<RecordContext, string[]>;

const find = <V>(among: ReadonlyMap<string, V>, topic: string): V => {
  const found = among.get(topic);
  if (found === undefined) throw new NotInTopology(topic, among.keys());
  return found;
};

const listOf = <T>(values: T | readonly T[]): readonly T[] => (isMany(values) ? values : [values]);

/** A record is never an array, so an array is many. */
const isMany = <T>(values: T | readonly T[]): values is readonly T[] => Array.isArray(values);

/** Gives each record of a topic its offset and the broker's timestamp; an offset that comes again keeps the one it had. */
const stamper = (now: () => number) => {
  const stamps = new Map<bigint, number>();
  let next = 0n;
  let first = 0n;
  return (nth: number, { offset: from, timestampMs }: SendOptions) => {
    if (nth === 0) first = from ?? next;
    const offset = first + BigInt(nth);
    const stamp = timestampMs ?? stamps.get(offset) ?? now();
    stamps.set(offset, stamp);
    if (offset >= next) next = offset + 1n;
    return { offset, timestampMs: stamp };
  };
};

/** A topic as its producers and its consumers see it. */
interface Wire {
  readonly encode: Encoder<unknown>;
  readonly decode: (bytes: Buffer) => unknown;
}

const wireOf = async (topic: AnyTopic): Promise<Wire> => {
  const source = { schemaOf: async () => topic.schema.avro, idOf: async () => 1 };
  const { learn, decode } = createCodec({ source, now: () => 0 }).decoder(topic);
  await learn(1);
  const read = (bytes: Buffer): unknown => {
    const decoded = decode(bytes);
    if (decoded.kind !== "value") throw new TypeError(`${topic.name} does not read what it wrote: ${decoded.kind}`);
    return decoded.value;
  };
  return { encode: encoderFor(topic, 1), decode: read };
};

const sinksOf = async (topics: readonly AnyTopic[]): Promise<ReadonlyMap<string, Wire>> =>
  new Map(await Promise.all(topics.map(async (topic) => [topic.name, await wireOf(topic)] as const)));

const environmentOf = ({
  deps,
  now,
  traces,
  wires,
}: {
  readonly deps: unknown;
  readonly now: () => number;
  readonly traces: Traces;
  readonly wires: ReadonlyMap<string, Wire>;
}): StepEnvironment => ({
  attempt: once,
  deps,
  encode: ({ name }, value) => find(wires, name).encode(value),
  now,
  limit: (task) => task(),
  observe: (turn, items) => {
    for (const { context } of items) traces.get(context)?.push(textOf(turn));
  },
});

const textOf = (turn: Turn): string => {
  switch (turn.kind) {
    case "outcome":
      return `${turn.step} ${turn.outcome}`;
    case "undone":
      return `undo ${turn.undo}`;
    case "written":
      return `write ${turn.sink}`;
    case "dropped":
      return `drop: ${turn.reason}`;
  }
};

/** Tries a call once; poison that names one of several records is taken out, and the call is made for the others. */
const once = async <R>(call: Call<R>): Promise<readonly Result<R>[]> => {
  const { items } = call;
  try {
    return (await call.run(items)).map((value) => ({ ok: true, value }));
  } catch (error) {
    if (dispositionOf(error) === "fatal") throw error;
    const named = error instanceof Poison ? error.idempotencyKey : undefined;
    const guilty = items.findIndex(({ context }) => context.idempotencyKey === named);
    if (guilty < 0 || items.length === 1) return items.map(() => ({ ok: false, error }));
    const others = await once({ ...call, items: items.toSpliced(guilty, 1) });
    return others.toSpliced(guilty, 0, { ok: false, error });
  }
};

/** Keeps what the paths wrote, as consumers read it, in order. */
const collect = (
  paths: readonly Path[],
  {
    traces,
    wires,
    written,
  }: {
    readonly traces: Traces;
    readonly wires: ReadonlyMap<string, Wire>;
    readonly written: ReadonlyMap<string, WrittenRecord<unknown>[]>;
  },
): readonly Ended[] =>
  paths.map((path) => {
    const { context, ending } = path;
    for (const { sink, key, bytes, headers = {} } of emissionsIn(path)) {
      find(written, sink.name).push({ value: find(wires, sink.name).decode(bytes), key, headers });
    }
    const turns = traces.get(context) ?? [];
    const trace = ending.kind === "failed" ? [...turns, `${ending.call} failed`] : turns;
    return { ...ending, offset: context.offset, trace };
  });
