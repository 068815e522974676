/** Avro defines a named type once and uses its name from then on: here the later definitions become names. */
import type { AvroJson } from "../avro.ts";
import { InvalidSchema } from "./invalid-schema.ts";

type Node = { readonly [key: string]: AvroJson | undefined };

/** A type, and what it looks like with every named type in it as a name. */
interface Seen {
  readonly json: AvroJson;
  readonly flat: string;
}

/**
 * The same schema with each named type defined where it is used first.
 * @throws InvalidSchema where two different types have one name.
 */
export const definedOnce = (schema: AvroJson): AvroJson => visit(schema, "", new Map()).json;

const visit = (schema: AvroJson, namespace: string, known: Map<string, string>): Seen => {
  if (Array.isArray(schema)) {
    const branches = schema.map((branch: AvroJson) => visit(branch, namespace, known));
    return { json: branches.map(({ json }) => json), flat: `[${branches.map(({ flat }) => flat).join()}]` };
  }
  if (typeof schema !== "object" || schema === null) return { json: schema, flat: JSON.stringify(schema) };
  const node = schema as Node;
  if (typeof node["name"] !== "string") return visitParts(node, namespace, known);
  const fullName = inFull(node["name"], typeof node["namespace"] === "string" ? node["namespace"] : namespace);
  // What is in it has its namespace, where it says none.
  const own = fullName.slice(0, Math.max(0, fullName.lastIndexOf(".")));
  const { json, flat } = visitParts(node, own, known);
  const before = known.get(fullName);
  if (before !== undefined && before !== flat)
    throw new InvalidSchema(`two types are named ${fullName}, ${before} and ${flat}; give one of them another name`);
  known.set(fullName, flat);
  return { json: before === undefined ? json : fullName, flat: JSON.stringify(fullName) };
};

/** A name with a dot is full already, whatever the namespace. */
const inFull = (name: string, namespace: string): string =>
  namespace === "" || name.includes(".") ? name : `${namespace}.${name}`;

/** The types in a type are its items, its values and those of its fields; all else is taken as it is. */
const visitParts = (node: Node, namespace: string, known: Map<string, string>): Seen => {
  const parts = Object.entries(node).map(([key, value]): readonly [string, Seen] => {
    if (key === "fields" && Array.isArray(value)) return [key, visitFields(value as readonly Node[], namespace, known)];
    if (key === "items" || key === "values") return [key, visit(value ?? null, namespace, known)];
    return [key, { json: value ?? null, flat: JSON.stringify(value) }];
  });
  return {
    json: Object.fromEntries(parts.map(([key, { json }]) => [key, json])),
    flat: `{${parts.map(([key, { flat }]) => `${JSON.stringify(key)}:${flat}`).join()}}`,
  };
};

const visitFields = (fields: readonly Node[], namespace: string, known: Map<string, string>): Seen => {
  const seen = fields.map((field) => {
    const { type = null, ...rest } = field;
    const { json, flat } = visit(type, namespace, known);
    const { name, ...others } = rest;
    return {
      json: { ...(name === undefined ? {} : { name }), type: json, ...others },
      flat: `${JSON.stringify(rest)}${flat}`,
    };
  });
  return { json: seen.map(({ json }) => json), flat: `[${seen.map(({ flat }) => flat).join()}]` };
};
