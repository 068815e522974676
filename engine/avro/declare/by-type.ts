/** What is checked by the types that will read it: defaults, which are written as Avro's JSON, and items that are nothing. */
import type { AvroJson } from "../avro.ts";
import { leastBytes } from "../exact/containers.ts";
import { hooksIn } from "../exact/tap.ts";
import { avscType } from "../exact-types.ts";
import { definedOnce } from "./once.ts";
import { InvalidSchema } from "./invalid-schema.ts";

/**
 * A default as it is written in a schema: bytes are text of a character each, a union's is of its first branch.
 * @throws InvalidSchema where the value is not of the type, or JSON would be another value.
 */
export const checkDefault = (avro: AvroJson, value: unknown): AvroJson => {
  // Of an optional a value is its default too: the record puts its type first.
  const type = Array.isArray(avro) && avro[0] === "null" && value !== null ? withoutNull(avro) : avro;
  try {
    const exact = avscType(definedOnce(type));
    const written = exact.toBuffer(value);
    const json: unknown = JSON.parse(JSON.stringify(hooksIn(exact)._copy(value, { coerce: 3, wrap: 3 })));
    // Written again from its JSON: NaN, Infinity and -0 have none, and what a record leaves out has another.
    const again = exact.toBuffer(hooksIn(exact)._copy(json, { coerce: 2, wrap: 2 }));
    if (!again.equals(written)) throw new TypeError("JSON has no such value");
    return json as AvroJson;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new InvalidSchema(`a default is not of its field's type ${JSON.stringify(type)}: ${why}`, { cause });
  }
};

/** Whether every value of a type is written as nothing. */
export const takesNoBytes = (avro: AvroJson): boolean => leastBytes(avscType(definedOnce(avro))) === 0;

const withoutNull = ([, ...others]: readonly AvroJson[]): AvroJson => {
  const [only] = others;
  return others.length === 1 && only !== undefined ? only : others;
};
