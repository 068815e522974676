/** A registry in memory, a clock that a test moves, and small topics: what the codec's tests are made of. */
import assert from "node:assert/strict";
import { type AvroJson, optional, type RecordSchema, record, string, symbols, timestampMs, uuid } from "../avro.ts";
import { createCodec, type Decoded, type Decoder } from "../codec.ts";
import type { SchemaSource } from "../../registry/registry.ts";
import { RegistryUnavailable } from "../../registry/http.ts";
import { type Topic, topic } from "../topic.ts";

/** What a test does to a registry in memory, and sees of it. */
export interface RegistryState {
  readonly schemas: Record<number, AvroJson>;
  /** It answers nothing. */
  away: boolean;
  /** Questions so far. */
  asked: number;
}

/** A registry with these schemas, by id. */
export const memoryRegistry = (
  schemas: Readonly<Record<number, AvroJson>> = {},
): { readonly state: RegistryState; readonly source: SchemaSource } => {
  const state: RegistryState = { schemas: { ...schemas }, away: false, asked: 0 };
  const unlessAway = <T>(answer: T): T => {
    state.asked++;
    if (state.away) throw new RegistryUnavailable("test", {});
    return answer;
  };
  const source: SchemaSource = {
    schemaOf: async (id) => unlessAway(state.schemas[id]),
    idOf: async (_subject, schema) => {
      const found = Object.entries(state.schemas).find(([, known]) => JSON.stringify(known) === JSON.stringify(schema));
      return unlessAway(found && Number(found[0]));
    },
  };
  return { state, source };
};

/** A clock that stands until it is moved. */
export const testClock = (): { readonly now: () => number; readonly pass: (ms: number) => void } => {
  let at = 0;
  const pass = (ms: number): void => {
    at += ms;
  };
  return { now: () => at, pass };
};

/** A decoder that has learnt the schemas of these writers, as ids 1, 2, ... */
export const decoderOf = async <T>(of: Topic<T>, ...writers: readonly AvroJson[]): Promise<Decoder<T>> => {
  const { source } = memoryRegistry(Object.fromEntries(writers.map((writer, at) => [at + 1, writer])));
  const decoder = createCodec({ source, now: () => 0 }).decoder(of);
  for (const at of writers.keys()) assert.equal(await decoder.learn(at + 1), "known");
  return decoder;
};

/** The value that was decoded. */
export const decodedValue = <T>(decoded: Decoded<T>): T => {
  assert(decoded.kind === "value", JSON.stringify(decoded));
  return decoded.value;
};

/** Why bytes are malformed. */
export const whyOf = (decoded: Decoded<unknown>): string => {
  assert(decoded.kind === "malformed", decoded.kind);
  return decoded.why;
};

/** A topic of a record, named `test`. */
export const topicOf = <T>(schema: RecordSchema<T>): Topic<T> =>
  topic("test", schema, { key: () => "k", id: () => "i" });

/** A body behind its frame. */
export const framed = (id: number, body: Buffer): Buffer => {
  const frame = Buffer.alloc(5);
  frame.writeInt32BE(id, 1);
  return Buffer.concat([frame, body]);
};

/** The smallest record. */
export const Text = record("test.v1.Text", { text: string() });
/** A topic of it. */
export const texts = topicOf(Text);

/** A record as most are: ids, text that may be missing, a moment. */
export const Request = record("test.v1.Request", {
  requestId: uuid(),
  userId: string(),
  policyId: optional(string()),
  requestedAt: timestampMs(),
});
/** A topic of it. */
export const requests = topicOf(Request);

/** Every name of the enum of {@link Refused}. */
export const reasons = ["SOLD_OUT", "CLOSED", "DUPLICATE"] as const;
/** A record with an enum. */
export const Refused = record("test.v1.Refused", { requestId: string(), reason: symbols("Reason", reasons) });
/** A topic of it. */
export const refusals = topicOf(Refused);
