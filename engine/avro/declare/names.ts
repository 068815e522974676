/** Names of records, fields, enums and symbols: Avro's alphabet, less what would be another thing in JavaScript. */
import { isPrimitive } from "../primitives.ts";
import { InvalidSchema } from "./invalid-schema.ts";

const word = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** @throws InvalidSchema where a field or a symbol cannot have this name. */
export const checkName = (what: string, name: string): void => {
  if (!word.test(name))
    throw new InvalidSchema(`${what} is named ${JSON.stringify(name)}, expected letters, digits and _, no digit first`);
  // Objects have these already: a value that lacks the field would seem to have it.
  if (name in Object.prototype)
    throw new InvalidSchema(`${what} is named ${name}, which every object of JavaScript has; give it another name`);
};

/** @throws InvalidSchema where a record or an enum cannot have this name, with or without a namespace. */
export const checkFullName = (what: string, name: string): void => {
  const parts = name.split(".");
  for (const part of parts) checkName(what, part);
  const last = parts.at(-1) ?? "";
  if (isPrimitive(last)) throw new InvalidSchema(`${what} is named ${name}, but ${last} is a type of Avro`);
  // avsc makes code in which a field `x` is the variable `_x`, and the record a variable of its own name.
  if (last.startsWith("_")) throw new InvalidSchema(`${what} is named ${name}, expected a letter first`);
};

/** @throws InvalidSchema where one of these names is there twice. */
export const checkDistinct = (what: string, names: readonly string[]): void => {
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw new InvalidSchema(`${what} has ${twice} twice`);
};
