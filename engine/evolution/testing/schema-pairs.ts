/** Pairs of schemas for tests: one that is generated, and what somebody might make of it. The same seed gives the same pairs. */
import type { AvroJson } from "../../avro/avro.ts";

/** A pair, and what was done to the first to get the second, in words. */
export interface SchemaPair {
  readonly writer: AvroJson;
  readonly reader: AvroJson;
  readonly how: readonly string[];
}

/** Uniform in [0, 1): mulberry32. */
const random = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};

type Attributes = Record<string, AvroJson>;
const isObject = (value: AvroJson | undefined): value is Attributes =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A pair. `seed` is any integer. */
export const schemaPair = (seed: number): SchemaPair => {
  const dice = diceOf(random(seed));
  const writer = recordOf(dice, { names: 0, declared: [] }, 3, "test.v1.Top");
  // A change is of a copy: the two have no value in common.
  let reader: AvroJson = structuredClone(writer) as AvroJson;
  const how: string[] = [];
  for (let left = dice.upTo(3); left > 0; left--) {
    const { changed, what } = change(dice, reader);
    reader = changed;
    how.push(what);
  }
  return dice.chance(0.5)
    ? { writer, reader, how }
    : { writer: reader, reader: writer, how: [...how, "the other way"] };
};

interface Dice {
  readonly upTo: (max: number) => number;
  readonly chance: (share: number) => boolean;
  readonly one: <T>(of: readonly T[]) => T;
}
const diceOf = (next: () => number): Dice => {
  const upTo = (max: number) => Math.floor(next() * (max + 1));
  return {
    upTo,
    chance: (share) => next() < share,
    // Never empty here.
    one: <T>(of: readonly T[]) => of[upTo(of.length - 1)] as T,
  };
};

interface Names {
  names: number;
  /** Records and enums that may be referred to. */
  readonly declared: string[];
}

const plain: readonly AvroJson[] = [
  "boolean",
  "int",
  "long",
  "float",
  "double",
  "bytes",
  "string",
  { type: "string", logicalType: "uuid" },
  { type: "string", "avro.java.string": "String" },
  { type: "long", logicalType: "timestamp-millis" },
  { type: "long", logicalType: "timestamp-micros" },
  { type: "bytes", logicalType: "decimal", precision: 9, scale: 2 },
];

const typeOf = (dice: Dice, names: Names, depth: number): AvroJson => {
  if (depth === 0 || dice.chance(0.4)) return dice.one(plain);
  if (names.declared.length > 0 && dice.chance(0.15)) return dice.one(names.declared);
  switch (dice.upTo(5)) {
    case 0:
      return { type: "array", items: typeOf(dice, names, depth - 1) };
    case 1:
      return { type: "map", values: typeOf(dice, names, depth - 1) };
    case 2:
      return recordOf(dice, names, depth - 1, newName(names));
    case 3: {
      const name = newName(names);
      names.declared.push(name);
      const symbols = ["A", "B", "C", "D"].slice(0, 1 + dice.upTo(3));
      return { type: "enum", name, symbols, ...(dice.chance(0.4) ? { default: "A" } : {}) };
    }
    case 4:
      return { type: "fixed", name: newName(names), size: 1 + dice.upTo(3) };
    default:
      return unionOf(dice, names, depth);
  }
};

const newName = (names: Names): string => `test.v1.N${names.names++}`;

const unionOf = (dice: Dice, names: Names, depth: number): AvroJson => {
  const branches: AvroJson[] = ["null"];
  for (let left = 1 + dice.upTo(2); left > 0; left--) {
    const before = names.declared.length;
    const branch = typeOf(dice, names, depth - 1);
    // A union has each kind once, but for named ones; a union is in none directly.
    if (!Array.isArray(branch) && !branches.some((other) => kindOf(other) === kindOf(branch))) branches.push(branch);
    else names.declared.length = before;
  }
  return branches;
};

const kindOf = (avro: AvroJson): string => {
  if (!isObject(avro)) return String(avro);
  const { type, name } = avro;
  return String(name ?? type);
};

const recordOf = (dice: Dice, names: Names, depth: number, name: string): AvroJson => {
  // Mentioned within itself only where it may be left out, or no value is finite.
  const fields: AvroJson[] = [];
  const recursive = dice.chance(0.2);
  for (let left = 1 + dice.upTo(3); left > 0; left--)
    fields.push(fieldOf(`f${fields.length}`, typeOf(dice, names, depth)));
  if (recursive) fields.push({ name: "next", type: ["null", name], default: null });
  names.declared.push(name);
  return { type: "record", name, fields };
};

const fieldOf = (name: string, type: AvroJson): AvroJson =>
  Array.isArray(type) && type[0] === "null" ? { name, type, default: null } : { name, type };

/** Everything in a schema that has a type of its own, by the object it is in. */
const nodes = (avro: AvroJson): readonly Attributes[] => {
  if (Array.isArray(avro)) return avro.flatMap(nodes);
  if (!isObject(avro)) return [];
  const inner = [avro["type"], avro["items"], avro["values"], avro["fields"]];
  return [avro, ...inner.flatMap((one) => (one === undefined ? [] : nodes(one)))];
};

const change = (dice: Dice, avro: AvroJson): { readonly changed: AvroJson; readonly what: string } => {
  const changed = structuredClone(avro) as AvroJson;
  const all = nodes(changed);
  const records = all.filter(({ type }) => type === "record");
  const fields = all.filter((node) => "name" in node && "type" in node && !("fields" in node) && !isNamed(node));
  const enums = all.filter(({ type }) => type === "enum");
  const record = dice.one(records);
  const field = dice.one(fields);
  const list = record["fields"] as Attributes[];
  const did = (what: string) => ({ changed, what });
  switch (dice.upTo(11)) {
    case 0:
      list.push({ name: `g${dice.upTo(99)}`, type: "string" });
      return did("a field without default is added");
    case 1:
      list.push({ name: `g${dice.upTo(99)}`, type: ["null", "string"], default: null });
      return did("an optional field is added");
    case 2: {
      const at = dice.upTo(list.length - 1);
      // Others may refer to what it declares.
      if (list.length > 1 && !declares(list[at])) list.splice(at, 1);
      return did("a field is removed");
    }
    case 3: {
      const type = field["type"];
      if (typeof type === "string" && type !== "null" && !type.includes(".")) field["type"] = dice.one(plain);
      return did("a field has another type");
    }
    case 4: {
      const type = field["type"];
      if (type !== undefined && !Array.isArray(type) && type !== "null") field["type"] = ["null", type];
      return did("a field becomes optional");
    }
    case 5: {
      const symbolsOf = enums.length === 0 ? undefined : dice.one(enums);
      if (symbolsOf !== undefined)
        symbolsOf["symbols"] = [...new Set([...(symbolsOf["symbols"] as string[]), `S${dice.upTo(9)}`])];
      return did("a symbol is added");
    }
    case 6: {
      const symbolsOf = enums.length === 0 ? undefined : dice.one(enums);
      const symbols = symbolsOf?.["symbols"] as string[] | undefined;
      if (symbolsOf !== undefined && symbols !== undefined && symbols.length > 1)
        symbolsOf["symbols"] = symbols.slice(0, -1);
      return did("a symbol is removed");
    }
    case 7: {
      const before = field["name"] as string;
      field["name"] = `${before}r`;
      if (dice.chance(0.5)) field["aliases"] = [before];
      return did("a field has another name");
    }
    case 8: {
      const named = dice.one(all.filter(isNamed));
      const before = named["name"] as string;
      // Who refers to it would refer to nothing.
      if (!JSON.stringify(changed).includes(`"${before}"`.repeat(2)) && countOf(changed, before) === 1) {
        named["name"] = `${before}R`;
        if (dice.chance(0.5)) named["aliases"] = [before];
      }
      return did("a named type has another name");
    }
    case 9: {
      const unions = fields.filter(({ type }) => Array.isArray(type) && type.length > 2);
      const union = unions.length === 0 ? undefined : dice.one(unions);
      if (union !== undefined && !declares(union["type"])) union["type"] = (union["type"] as AvroJson[]).slice(0, -1);
      return did("a union is narrower");
    }
    case 10: {
      const fixed = all.filter(({ type }) => type === "fixed");
      if (fixed.length > 0) dice.one(fixed)["size"] = 9;
      return did("a fixed has another size");
    }
    default:
      field["aliases"] = ["f0", "f1"];
      return did("a field has aliases of others");
  }
};

const isNamed = ({ type }: Attributes): boolean => type === "record" || type === "enum" || type === "fixed";
const countOf = (avro: AvroJson, name: string): number => JSON.stringify(avro).split(`"${name}"`).length - 1;
const declares = (avro: AvroJson | undefined): boolean => avro !== undefined && nodes(avro).some(isNamed);
