/** `--transform ./fix.ts#fn`: a function of the operator's that makes another value of each letter's. */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Decoder, Encoder } from "../../avro/codec.ts";
import { confluentRegistry } from "../../avro/registry.ts";
import { idText } from "../../dlq/letters/letter.ts";
import { untyped } from "../../dlq/read/decode.ts";
import type { Transform } from "../../dlq/run/send.ts";
import type { AnyTopic } from "../../flow/parts.ts";
import { CliError, exitCodes } from "../cli.ts";
import type { EngineConfig } from "../config/engine-config.ts";
import type { Hosted } from "../define-app.ts";
import { codecOf } from "./open.ts";

/** What the function is told beside the value. */
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
 * Loads `<file>#<function>`. Its values are written with the present schema of the topic that each letter came from; key and
 * id have to stay, because they are what keeps the order, and what makes an effect happen once.
 * @throws CliError (BAD_TRANSFORM) where the file has no such function
 */
export const loadTransform = async <Config extends EngineConfig>(
  text: string,
  config: Config,
  { topology: { parts } }: Hosted<Config>,
): Promise<Transform> => {
  const run = await functionOf(text);
  const topics = new Map(parts.sources.map((source) => [source.name, source]));
  const codec = codecOf(config);
  const registry = confluentRegistry({ url: config.registryUrl });
  const encoders = new Map<string, Promise<Encoder<unknown>>>();
  const writers = new Map<string, Decoder<unknown>>();
  /** Of the schema that the letter was written with, whatever the present one is. */
  const writersValue = async (source: AnyTopic, bytes: Buffer | null): Promise<unknown> => {
    if (bytes === null || bytes.length < 5 || bytes[0] !== 0) throw new TypeError("its value has no schema id");
    const id = bytes.readInt32BE(1);
    const key = `${source.name} ${id}`;
    const avro = writers.has(key) ? undefined : await registry.schemaOf(id);
    if (avro !== undefined) writers.set(key, codec.decoder(untyped({ name: source.name, schema: { avro } })));
    const decoder = writers.get(key);
    if (decoder === undefined || (await decoder.learn(id)) !== "known") throw new TypeError(`there is no schema ${id}`);
    const decoded = decoder.decode(bytes);
    if (decoded.kind !== "value") throw new TypeError("its writer's schema does not read it");
    return decoded.value;
  };
  return async (letter, record) => {
    const source = topics.get(letter.origin.topic);
    if (source === undefined) throw new TypeError(`no source is named ${letter.origin.topic}`);
    const before = await writersValue(source, record.value);
    const idBefore = unlessItThrows(() => source.id(before));
    const { attempt, key, node, code } = letter;
    const after = await run(before, { id: idText(letter.origin), attempt, key, node, code });
    const encoder = encoders.get(source.name) ?? codec.encoder(untyped(source));
    encoders.set(source.name, encoder);
    // Encoded first: only of a value of the schema can key and id be asked.
    const bytes = (await encoder)(after);
    if (idBefore !== undefined && source.id(after) !== idBefore) throw new TypeError("its id has to stay");
    if (record.key !== null && source.key(after) !== record.key.toString()) throw new TypeError("its key has to stay");
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

const functionOf = async (text: string): Promise<TransformFunction> => {
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
