/** What differs between two schemas, field by field, in words. Pure. */
import type { AvroJson } from "../avro/avro.ts";
import { compare } from "./compare.ts";
import { type FieldShape, type RecordShape, type Shape, shapeOf, textOf } from "./shape.ts";

/** One line for each difference, `+` new, `-` gone, `~` changed; none where they are the same to readers. @throws InvalidAvro */
export const diffOf = (before: AvroJson, after: AvroJson): readonly string[] => {
  const [from, to] = [shapeOf(before), shapeOf(after)];
  if (from.kind === "record" && to.kind === "record") {
    const renamed = from.name === to.name ? [] : [`~ ${from.name} -> ${to.name}`];
    return [...new Set([...renamed, ...records(from, to, to.name, new Set())])];
  }
  return compare(after, before).length === 0 && textOf(from) === textOf(to)
    ? []
    : [`~ ${textOf(from)} -> ${textOf(to)}`];
};

const records = (from: RecordShape, to: RecordShape, path: string, seen: Set<RecordShape>): readonly string[] => {
  if (seen.has(to)) return [];
  seen.add(to);
  const oldOf = ({ name, aliases }: FieldShape) =>
    from.fields.find((old) => old.name === name) ?? from.fields.find((old) => aliases.includes(old.name));
  const kept = new Set(to.fields.map((field) => oldOf(field)?.name));
  return [
    ...to.fields.flatMap((field) => {
      const at = `${path}.${field.name}`;
      const old = oldOf(field);
      return old === undefined ? [`+ ${at}  ${textOf(field.type)}${presetText(field)}`] : changed(old, field, at, seen);
    }),
    ...from.fields.filter(({ name }) => !kept.has(name)).map(({ name, type }) => `- ${path}.${name}  ${textOf(type)}`),
  ];
};

const presetText = ({ preset }: FieldShape): string =>
  preset === undefined ? ", no default" : `, default ${JSON.stringify(preset)}`;

const changed = (old: FieldShape, field: FieldShape, at: string, seen: Set<RecordShape>): readonly string[] => [
  ...(old.name === field.name ? [] : [`~ ${at}  was ${old.name}`]),
  ...(presetText(old) === presetText(field) ? [] : [`~ ${at}${presetText(old)} ->${presetText(field).slice(1)}`]),
  ...types(old.type, field.type, at, seen),
];

const types = (from: Shape, to: Shape, at: string, seen: Set<RecordShape>): readonly string[] => {
  if (from.kind === "record" && to.kind === "record" && from.name === to.name) return records(from, to, at, seen);
  if (from.kind === "array" && to.kind === "array") return types(from.items, to.items, `${at}[]`, seen);
  if (from.kind === "map" && to.kind === "map") return types(from.values, to.values, `${at}{}`, seen);
  if (from.kind === "enum" && to.kind === "enum" && from.name === to.name) return symbols(from, to, at);
  const named = textOf(from) === textOf(to) ? [] : [`~ ${at}  ${textOf(from)} -> ${textOf(to)}`];
  if (from.kind !== "union" || to.kind !== "union") return named;
  const inner = to.branches.flatMap((branch) => {
    const old = from.branches.find((one) => textOf(one) === textOf(branch));
    return old === undefined ? [] : types(old, branch, at, seen);
  });
  return [...named, ...inner];
};

type Enum = Extract<Shape, { readonly kind: "enum" }>;
const symbols = (from: Enum, to: Enum, at: string): readonly string[] => [
  ...to.symbols.filter((one) => !from.symbols.includes(one)).map((one) => `+ ${at}  symbol ${one}`),
  ...from.symbols.filter((one) => !to.symbols.includes(one)).map((one) => `- ${at}  symbol ${one}`),
  ...(from.preset === to.preset ? [] : [`~ ${at}  default symbol ${from.preset ?? "none"} -> ${to.preset ?? "none"}`]),
];
