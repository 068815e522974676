/** Judges a declared schema by every version that was written: what is refused, what is allowed for a time, what is advice. Pure. */
import type { AvroJson } from "../avro/avro.ts";
import { compare, type Finding, isReadable, type Rule } from "./compare.ts";
import { type RecordShape, shapeOf, textOf } from "./shape.ts";

/** What is declared for a subject. */
export interface DeclaredSubject {
  readonly subject: string;
  readonly avro: AvroJson;
  /** The field that the topic's records are keyed by; absent where the key is computed. */
  readonly keyedBy?: string;
}

/** A version of a subject. */
export interface Version {
  readonly number: number;
  readonly avro: AvroJson;
}

/** A change of meaning that somebody takes on: what was written before is gone, or is read so on purpose. */
export interface Allowance {
  readonly subject: string;
  readonly rule: Rule;
  /** As the finding has it. */
  readonly path: string;
  readonly reason: string;
  /** The last day on which it is allowed, `2026-12-31`; from the next on it is a finding again. */
  readonly until: string;
}

/** A finding, with the versions it stands between. */
export interface Judged extends Finding {
  /** `newReadsOld`: of readers with the declared schema. `oldReadsNew`: of readers that run now, and advice. */
  readonly direction: "newReadsOld" | "oldReadsNew";
  /** Versions, ascending. */
  readonly against: readonly number[];
  /** Why it is allowed; absent where it is not. */
  readonly allowed?: Allowance;
}

/** What is said of a subject. */
export interface Verdict {
  readonly subject: string;
  /** Every version it was compared with, ascending; none for a subject that is new. */
  readonly against: readonly number[];
  /** The number of the version that the declared schema is; null where it is none yet. */
  readonly declaredAs: number | null;
  readonly newReadsOld: boolean;
  /** Whether readers of the last version read what the declared schema writes. */
  readonly oldReadsNew: boolean;
  readonly findings: readonly Judged[];
  /** Some finding stops it. */
  readonly refused: boolean;
}

/**
 * Compares with every version both ways: old readers only of the last one, because earlier readers met their findings when
 * it came. A `break` is always refused, a change of meaning unless it is allowed. `today` is `2026-11-27`.
 * @throws InvalidAvro
 */
export const judge = (
  declared: DeclaredSubject,
  versions: readonly Version[],
  { allowances = [], today }: { readonly allowances?: readonly Allowance[]; readonly today: string },
): Verdict => {
  const sorted = versions.toSorted((a, b) => a.number - b.number);
  const same = sorted.findLast(({ avro }) => isSameSchema(avro, declared.avro));
  const last = sorted.at(-1);
  const old = sorted.flatMap(({ number, avro }) => backward(declared, avro).map((found) => ({ found, number })));
  const ahead = last === undefined || last === same ? [] : forward(declared, last.avro);
  const findings = [
    ...grouped(old).map((one) => withAllowance(one, declared.subject, { allowances, today })),
    ...ahead.map((found) => judged(found, "oldReadsNew", [last?.number ?? 0])),
  ];
  return {
    subject: declared.subject,
    against: sorted.map(({ number }) => number),
    declaredAs: same?.number ?? null,
    newReadsOld: isReadable(findings.filter(({ direction }) => direction === "newReadsOld")),
    oldReadsNew: isReadable(findings.filter(({ direction }) => direction === "oldReadsNew")),
    findings,
    refused: findings.some(isRefused),
  };
};

/** Whether a finding stops a schema. */
export const isRefused = ({ direction, severity, allowed }: Judged): boolean =>
  direction === "newReadsOld" && (severity === "break" || (severity === "meaning" && allowed === undefined));

/** Whether two schemas are the same to a reader and to a writer: texts may differ where parsed they do not. */
export const isSameSchema = (a: AvroJson, b: AvroJson): boolean => canonical(a) === canonical(b);

/** Namespaces, documentation and the order of attributes are the writer's taste; a registry may write them otherwise. */
const canonical = (avro: AvroJson): string => {
  const seen = new Set<string>();
  return JSON.stringify(shapeOf(avro), (_, value: unknown) => {
    if (typeof value !== "object" || value === null || !("kind" in value) || !("name" in value)) return value;
    const name = String(value.name);
    if (value.kind === "primitive") return value;
    if (seen.has(name)) return name;
    seen.add(name);
    return value;
  });
};

const backward = (declared: DeclaredSubject, old: AvroJson): readonly Finding[] => [
  ...compare(declared.avro, old),
  ...keyFindings(declared, old),
];

/** Old readers only have to read it: a new symbol is what most often stops them. */
const forward = ({ avro }: DeclaredSubject, last: AvroJson): readonly Finding[] =>
  compare(last, avro).flatMap((found): readonly Finding[] => {
    if (found.rule === "ENUM_SYMBOL_REMOVED") return [{ ...found, rule: "ENUM_SYMBOL_ADDED" }];
    return found.severity === "break" ? [found] : [];
  });

/** Another key is another partition: the order of the records of one key would be lost. */
const keyFindings = ({ avro, keyedBy }: DeclaredSubject, old: AvroJson): readonly Finding[] => {
  if (keyedBy === undefined) return [];
  const [to, from] = [shapeOf(avro), shapeOf(old)];
  if (to.kind !== "record" || from.kind !== "record") return [];
  const [is, was] = [typeOfField(to, keyedBy), typeOfField(from, keyedBy)];
  if (is === was) return [];
  const reason = `the topic is keyed by it; it was ${was} and is ${is}: the same key may be written to another partition`;
  return [{ rule: "KEY_FIELD_TOUCHED", severity: "meaning", path: `${to.name}.${keyedBy}`, reason }];
};
const typeOfField = ({ fields }: RecordShape, wanted: string): string => {
  const found = fields.find(({ name }) => name === wanted);
  return found === undefined ? "not there" : textOf(found.type);
};

const judged = (found: Finding, direction: Judged["direction"], against: readonly number[]): Judged => ({
  ...found,
  direction,
  against,
});

/** The same finding against several versions is one. */
const grouped = (all: readonly { readonly found: Finding; readonly number: number }[]): readonly Judged[] => {
  const groups = Map.groupBy(all, ({ found }) => `${found.rule} ${found.severity} ${found.path} ${found.reason}`);
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    return first === undefined
      ? []
      : [
          judged(
            first.found,
            "newReadsOld",
            group.map(({ number }) => number),
          ),
        ];
  });
};

const withAllowance = (
  one: Judged,
  subject: string,
  { allowances, today }: { readonly allowances: readonly Allowance[]; readonly today: string },
): Judged => {
  const allowed = allowances.find(
    (each) =>
      each.subject === subject &&
      each.rule === one.rule &&
      each.path === one.path &&
      isDay(each.until) &&
      today <= each.until,
  );
  return allowed === undefined || one.severity !== "meaning" ? one : { ...one, allowed };
};

/** A date that is none allows nothing: compared as text it might allow for ever. */
const isDay = (text: string): boolean => /^\d{4}-\d{2}-\d{2}$/.test(text);
