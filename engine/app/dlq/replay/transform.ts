/** `--transform ./fix.ts#fn`: a function of the operator's that makes another value of each letter's. */
import { subjectsOf } from "../../../avro/topic.ts";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { schemaIdIn } from "../../../avro/frame.ts";
import { createCodec, type Decoder, type Encoder } from "../../../avro/codec.ts";
import { learnInTurn } from "../../../avro/learn-in-turn.ts";
import { ForeignSchema, missingSchema } from "../../../registry/foreign-schema.ts";
import { confluentRegistry, type SchemaSource } from "../../../registry/registry.ts";
import { idText } from "../../../dlq/letters/letter.ts";
import { untyped } from "../../../dlq/read/decode.ts";
import type { Transform } from "../../../dlq/run/send.ts";
import type { AnyTopic } from "../../../flow/parts.ts";
import { CliError, exitCodes } from "../../cli.ts";
import type { EngineConfig } from "../../config/engine-config.ts";
import type { Hosted } from "../../define-app.ts";

/** What the function is given beside the value. */
export interface TransformedLetter {
  readonly id: string;
  readonly attempt: number;
  readonly key: string | null;
  readonly node: string;
  readonly code: string;
}

/**
 * The writer's value in, the reader's value out; it may be asked more than once, so it must depend on nothing else.
 * What it throws leaves the letter where it is.
 */
export type TransformFunction = (value: unknown, letter: TransformedLetter) => unknown;

/**
 * Loads `<file>#<function>`; see {@link transformWith}.
 * @throws CliError (BAD_TRANSFORM) where the file has no such function
 */
export const loadTransform = async <Config extends EngineConfig>(
  text: string,
  { registryUrl: url }: Config,
  { topology: { parts } }: Hosted<Config>,
): Promise<Transform> => transformWith(await functionOf(text), confluentRegistry({ url }), parts.sources);

/**
 * Values are written with the present schema of the topic that each letter came from; key and id have to stay, because they
 * are what keeps the order, and what makes an effect happen once. What it makes throws where they do not.
 */
export const transformWith = (
  run: TransformFunction,
  source: SchemaSource,
  sources: readonly AnyTopic[],
): Transform => {
  const topics = new Map(sources.map((one) => [one.name, one]));
  const codec = createCodec({ source, now: () => performance.now(), unknownIdGraceMs: 0 });
  const encoders = new Map<string, Promise<Encoder<unknown>>>();
  const writers = new Map<string, Decoder<unknown>>();
  /** Of the schema that the letter was written with, whatever the present one is. */
  const writersValue = async (from: AnyTopic, bytes: Buffer | null): Promise<unknown> => {
    const { name } = from;
    const id = schemaIdIn(bytes);
    if (id === undefined) throw new TypeError("its value has no schema id");
    const key = `${name} ${id}`;
    const avro = writers.has(key) ? undefined : await source.schemaOf(id, subjectsOf(from));
    if (avro instanceof ForeignSchema) throw new TypeError(missingSchema(id, avro.subjects).why);
    if (avro !== undefined) writers.set(key, codec.decoder(untyped({ ...from, schema: { avro } })));
    const decoder = writers.get(key);
    if (decoder === undefined || (await learnInTurn(decoder, id)) !== "known")
      throw new TypeError(`there is no schema ${id}`);
    const decoded = decoder.decode(bytes);
    if (decoded.kind !== "value") throw new TypeError("its writer's schema does not read it");
    return decoded.value;
  };
  return async (letter, record) => {
    const from = topics.get(letter.origin.topic);
    if (from === undefined) throw new TypeError(`no source is named ${letter.origin.topic}`);
    const before = await writersValue(from, record.value);
    const idBefore = unlessItThrows(() => from.id(before));
    const { attempt, key, node, code } = letter;
    const after = await run(before, { id: idText(letter.origin), attempt, key, node, code });
    const encoder = encoders.get(from.name) ?? codec.encoder(untyped(from));
    encoders.set(from.name, encoder);
    // Encoded first: only of a value of the schema can key and id be asked.
    const bytes = (await encoder)(after);
    if (idBefore !== undefined && from.id(after) !== idBefore) throw new TypeError("its id has to stay");
    if (record.key !== null && from.key(after) !== record.key.toString()) throw new TypeError("its key has to stay");
    return bytes;
  };
};

const unlessItThrows = (ask: () => string): string | undefined => {
  try {
    return ask();
  } catch {
    // A value of another schema need not have what the present one has.
    return undefined;
  }
};

/** The function of `<file>#<function>`. @throws CliError (BAD_TRANSFORM) */
export const functionOf = async (text: string): Promise<TransformFunction> => {
  const [file = "", name = ""] = text.split("#");
  const bad = (why: string, cause?: unknown): CliError =>
    new CliError(`--transform ${text}: ${why}`, {
      code: "BAD_TRANSFORM",
      exitCode: exitCodes.usage,
      fix: "Give <file>#<function>: export const fix = (value) => ({ ...value, ... })",
      cause,
    });
  if (file === "" || name === "") throw bad("expected <file>#<function>");
  let module: Readonly<Record<string, unknown>>;
  try {
    module = await import(pathToFileURL(resolve(file)).href);
  } catch (cause) {
    throw bad(`the file cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
  const found = module[name];
  if (typeof found !== "function") throw bad(`it exports no function ${name}`);
  return found as TransformFunction; // What it takes and answers is checked by encoding.
};
