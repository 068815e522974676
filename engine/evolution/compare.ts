/**
 * What a reader with one schema makes of what was written with another: all findings, each with its path and reason. Pure.
 *
 * The readers are this engine's, so the rules are those of its decoder (avsc) where it and others differ; the differences
 * are in docs/schemas.md. Tests compare the verdict with avsc's own resolver.
 */
import type { PrimitiveName } from "../avro/primitives.ts";
import type { AvroJson } from "../avro/avro.ts";
import { type FieldShape, type Logical, type RecordShape, type Shape, shapeOf, textOf } from "./shape.ts";

/** What was found. */
export type Rule =
  | "FIELD_NO_DEFAULT"
  | "AMBIGUOUS_ALIAS"
  | "TYPE_CHANGED"
  | "ENUM_SYMBOL_REMOVED"
  | "ENUM_SYMBOL_ADDED"
  | "UNION_NARROWED"
  | "NAME_CHANGED"
  | "LOGICAL_TYPE_CHANGED"
  | "FIELD_RENAMED"
  | "DEFAULT_CHANGED"
  | "KEY_FIELD_TOUCHED"
  | "NUMBER_WIDENED"
  | "TEXT_FROM_BYTES";

/**
 * `break`: some value cannot be read at all. `meaning`: every value is read, and some as another one than was written.
 * `notice`: worth a look.
 */
export type Severity = "break" | "meaning" | "notice";

/** One finding. */
export interface Finding {
  readonly rule: Rule;
  readonly severity: Severity;
  /** Where, in the reader's words: `shop.v1.Order.lines[].price`; `{}` are a map's values. */
  readonly path: string;
  readonly reason: string;
}

/** Everything that a reader of `reader` meets in what `writer` wrote. @throws InvalidAvro where one of them is no Avro */
export const compare = (reader: AvroJson, writer: AvroJson): readonly Finding[] => {
  const [to, from] = [shapeOf(reader), shapeOf(writer)];
  const found = shapes(
    { to, from, path: "name" in to ? to.name : "" },
    { open: new Map(), done: new Map(), cut: Number.POSITIVE_INFINITY },
  );
  const unique = new Map(found.map((finding) => [`${finding.rule} ${finding.path} ${finding.reason}`, finding]));
  return [...unique.values()];
};

/** Whether every value can be read. */
export const isReadable = (findings: readonly Finding[]): boolean =>
  findings.every(({ severity }) => severity !== "break");

interface Pair<R extends Shape = Shape, W extends Shape = Shape> {
  /** The reader's. */
  readonly to: R;
  /** The writer's. */
  readonly from: W;
  readonly path: string;
}
type RecordPair = Pair<RecordShape, RecordShape>;

/** Records contain themselves, so a pair that is being compared counts as fine where it comes again. */
interface Memory {
  /** Pairs that are being compared, with how deep they stand. */
  readonly open: Map<RecordShape, Map<RecordShape, number>>;
  /** Results that rest on no pair that is still open. */
  readonly done: Map<RecordShape, Map<RecordShape, { readonly path: string; readonly found: readonly Finding[] }>>;
  /** The depth of the outermost open pair that what was found since rests on; infinite where it rests on none. */
  cut: number;
}

const finding = (rule: Rule, severity: Severity, path: string, reason: string): Finding => ({
  rule,
  severity,
  path,
  reason,
});

const shapes = (pair: Pair, memory: Memory): readonly Finding[] => {
  const { to, from, path } = pair;
  if (from.kind === "union") return fromUnion({ to, from, path }, memory);
  if (to.kind === "union") return toUnion({ to, from, path }, memory);
  if (to.kind === "primitive" && from.kind === "primitive") return primitivesOf(to, from, path);
  if (to.kind === "array" && from.kind === "array")
    return shapes({ to: to.items, from: from.items, path: `${path}[]` }, memory);
  if (to.kind === "map" && from.kind === "map")
    return shapes({ to: to.values, from: from.values, path: `${path}{}` }, memory);
  if (to.kind === "record" && from.kind === "record") return records({ to, from, path }, memory);
  if (to.kind === "enum" && from.kind === "enum") return [...names(to, from, path), ...symbols(to, from, path)];
  if (to.kind === "fixed" && from.kind === "fixed") {
    const sizes = to.size === from.size ? [] : [typeChanged(pair)];
    return [...names(to, from, path), ...sizes, ...logicals(to.logical, from.logical, path)];
  }
  return [typeChanged(pair)];
};

const typeChanged = ({ to, from, path }: Pair): Finding =>
  finding("TYPE_CHANGED", "break", path, `${textOf(from)} was written, ${textOf(to)} is expected`);

/** Each branch that may have been written must be readable. */
const fromUnion = ({ to, from, path }: Pair<Shape, Extract<Shape, { kind: "union" }>>, memory: Memory) =>
  from.branches.flatMap((branch) => {
    const found = shapes({ to, from: branch, path }, memory);
    const isTypeOnly = found.length === 1 && found[0]?.rule === "TYPE_CHANGED" && found[0].path === path;
    if (!isTypeOnly) return found;
    return [
      finding("UNION_NARROWED", "break", path, `${textOf(branch)} may have been written, expected ${textOf(to)}`),
    ];
  });

/** The first branch that can read it reads it: so does the decoder. */
const toUnion = ({ to, from, path }: Pair<Extract<Shape, { kind: "union" }>>, memory: Memory): readonly Finding[] => {
  const tried = to.branches.map((branch) => shapes({ to: branch, from, path }, memory));
  const readable = tried.find(isReadable);
  if (readable !== undefined) return readable;
  // The branch that was meant says more than that none fits.
  const meant = to.branches.findIndex((branch) => "name" in branch && "name" in from && branch.name === from.name);
  const why = tried[meant];
  if (why !== undefined) return why;
  return [finding("UNION_NARROWED", "break", path, `${textOf(from)} was written, expected ${textOf(to)}`)];
};

/** Spec: a name is one of the reader's, or one of its aliases. Full names: that is how the decoder compares them. */
const names = (to: NamedShape, from: NamedShape, path: string): readonly Finding[] =>
  [to.name, ...to.aliases].includes(from.name)
    ? []
    : [
        finding(
          "NAME_CHANGED",
          "break",
          path,
          `${from.name} was written, ${to.name} is expected; an alias would say that they are the same`,
        ),
      ];
type NamedShape = Extract<Shape, { readonly aliases: readonly string[] }>;

const symbols = (
  to: Extract<Shape, { kind: "enum" }>,
  from: Extract<Shape, { kind: "enum" }>,
  path: string,
): readonly Finding[] => {
  const missing = from.symbols.filter((symbol) => !to.symbols.includes(symbol));
  if (missing.length === 0) return [];
  const list = missing.join(", ");
  return to.preset === undefined
    ? [finding("ENUM_SYMBOL_REMOVED", "break", path, `${list} may have been written, and this enum has no default`)]
    : [finding("ENUM_SYMBOL_REMOVED", "meaning", path, `${list} may have been written and is read as ${to.preset}`)];
};

/** What each primitive is also read from. */
const promotions: Readonly<Partial<Record<PrimitiveName, readonly PrimitiveName[]>>> = {
  long: ["int"],
  float: ["int", "long"],
  double: ["int", "long", "float"],
  string: ["bytes"],
  bytes: ["string"],
};

type Primitive = Extract<Shape, { kind: "primitive" }>;
const primitivesOf = (to: Primitive, from: Primitive, path: string): readonly Finding[] => {
  if (to.name !== from.name && promotions[to.name]?.includes(from.name) !== true)
    return [typeChanged({ to, from, path })];
  return [...widened(to.name, from.name, path), ...logicals(to.logical, from.logical, path)];
};

/** Largest integer that every smaller one of is exact. */
const exact: Readonly<Partial<Record<PrimitiveName, string>>> = { float: "2^24", double: "2^53" };

const widened = (to: PrimitiveName, from: PrimitiveName, path: string): readonly Finding[] => {
  if (to === "string" && from === "bytes")
    return [finding("TEXT_FROM_BYTES", "meaning", path, "bytes were written that need not be UTF-8")];
  const limit = exact[to];
  const loses = from === "long" || (from === "int" && to === "float");
  return limit !== undefined && loses
    ? [finding("NUMBER_WIDENED", "meaning", path, `a ${from} above ${limit} is read as another number`)]
    : [];
};

const logicals = (to: Logical | undefined, from: Logical | undefined, path: string): readonly Finding[] => {
  if (to?.name === from?.name && to?.scale === from?.scale && to?.precision === from?.precision) return [];
  const wider = to?.scale !== undefined && to.scale === from?.scale && (to.precision ?? 0) >= (from?.precision ?? 0);
  const [written, expected] = [from, to].map((logical) =>
    logical === undefined ? "no logical type" : JSON.stringify(logical),
  );
  return [
    finding(
      "LOGICAL_TYPE_CHANGED",
      wider ? "notice" : "meaning",
      path,
      `${written} was written, ${expected} is expected: the same bytes are another value`,
    ),
  ];
};

const records = (pair: RecordPair, memory: Memory): readonly Finding[] => {
  const { to, from, path } = pair;
  const known = memory.done.get(to)?.get(from);
  // One says that there are some at this place too; all of them at each place would be as many as there are ways to it.
  if (known !== undefined)
    return known.found.slice(0, 1).map((one) => ({ ...one, path: path + one.path.slice(known.path.length) }));
  const open = memory.open.get(to) ?? new Map<RecordShape, number>();
  const depth = open.get(from);
  if (depth !== undefined) {
    memory.cut = Math.min(memory.cut, depth);
    return [];
  }
  return remembering(pair, memory, () => [...names(to, from, path), ...fields(pair, memory)]);
};

/** Compares with the pair open; keeps the result where it rests on nothing that is open around it. */
const remembering = (
  { to, from, path }: RecordPair,
  memory: Memory,
  work: () => readonly Finding[],
): readonly Finding[] => {
  const depth = [...memory.open.values()].reduce((sum, { size }) => sum + size, 0);
  const before = memory.cut;
  memory.cut = Number.POSITIVE_INFINITY;
  put(memory.open, to, from, depth);
  const found = work();
  memory.open.get(to)?.delete(from);
  if (memory.cut >= depth) put(memory.done, to, from, { path, found });
  memory.cut = Math.min(before, memory.cut >= depth ? Number.POSITIVE_INFINITY : memory.cut);
  return found;
};

const put = <V>(memory: Map<RecordShape, Map<RecordShape, V>>, to: RecordShape, from: RecordShape, value: V): void => {
  const inner = memory.get(to) ?? new Map<RecordShape, V>();
  inner.set(from, value);
  memory.set(to, inner);
};

const fields = ({ to, from, path }: RecordPair, memory: Memory): readonly Finding[] => {
  const taken = new Set<string>();
  const found = to.fields.flatMap((field) => {
    const at = `${path}.${field.name}`;
    const sources = from.fields.filter(({ name }) => name === field.name || field.aliases.includes(name));
    for (const { name } of sources) taken.add(name);
    const [source, other] = sources;
    if (source === undefined) return field.preset === undefined ? [noDefault(at)] : [];
    if (other !== undefined)
      return [
        finding("AMBIGUOUS_ALIAS", "break", at, `${source.name} and ${other.name} were written and both stand for it`),
      ];
    return [...presets(field, source, at), ...shapes({ to: field.type, from: source.type, path: at }, memory)];
  });
  return [...found, ...renamed({ to, from, path }, taken)];
};

const noDefault = (path: string): Finding =>
  finding("FIELD_NO_DEFAULT", "break", path, "it was not written, and it has no default");

const presets = (to: FieldShape, from: FieldShape, path: string): readonly Finding[] => {
  if (JSON.stringify(to.preset) === JSON.stringify(from.preset)) return [];
  const [was, is] = [from, to].map(({ preset }) => (preset === undefined ? "none" : JSON.stringify(preset)));
  return [finding("DEFAULT_CHANGED", "notice", path, `its default was ${was} and is ${is}`)];
};

/** One field gone, one new, of one type: what was written under the old name would be read as the default. */
const renamed = ({ to, from, path }: RecordPair, taken: ReadonlySet<string>): readonly Finding[] => {
  const gone = from.fields.filter(({ name }) => !taken.has(name));
  const written = new Set(from.fields.map(({ name }) => name));
  const added = to.fields.filter(
    ({ name, aliases, preset }) => preset !== undefined && ![name, ...aliases].some((one) => written.has(one)),
  );
  const [old, now] = [gone[0], added[0]];
  if (gone.length !== 1 || added.length !== 1 || old === undefined || now === undefined) return [];
  if (textOf(old.type) !== textOf(now.type)) return [];
  const reason = `${old.name} is gone and this is new, of the same type: an alias ${old.name} would keep what was written`;
  return [finding("FIELD_RENAMED", "meaning", `${path}.${now.name}`, reason)];
};
