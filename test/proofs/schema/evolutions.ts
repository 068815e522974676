/** Changes of the shop's own schemas against a real registry: which are made, which are refused, and what is left of it. */
import type { AvroJson } from "../../../engine/avro/avro.ts";
import type { RegistryAdmin } from "../../../engine/registry/admin.ts";
import { consider, evolve } from "../../../engine/evolution/evolve.ts";
import { isRefused } from "../../../engine/evolution/rules.ts";
import { subjectsOfApp } from "../../../engine/app/evolving/subjects.ts";
import { app } from "../../../sluice.config.ts";
import { registryState } from "../registry-state.ts";

/** What came of a change. */
export interface Tried {
  readonly what: string;
  readonly subject: string;
  /** The rules that refuse it, or what was made. */
  readonly ended: string;
  /** Versions, schemas and levels of every subject are what they were. */
  readonly unchanged: boolean;
  readonly expected: boolean;
}

type Change = readonly [what: string, subject: string, change: (text: string) => string, made: boolean];
const changes: readonly Change[] = [
  [
    "a required field",
    "coupon-issue-value",
    (text) => text.replace(/\]\}$/, ',{"name":"channel","type":"string"}]}'),
    false,
  ],
  ["a symbol less", "coupon-refused-value", (text) => text.replace(',"DUPLICATE"', ""), false],
  [
    "milliseconds to microseconds",
    "coupon-issued-value",
    (text) => text.replaceAll("timestamp-millis", "timestamp-micros"),
    false,
  ],
  [
    "an amount as a double",
    "payment-completed-value",
    (text) => text.replace('"amount","type":"long"', '"amount","type":"double"'),
    false,
  ],
  [
    "the key may be null",
    "payment-completed-value",
    (text) => text.replace(/("name":"orderId","type":)(\{[^}]*\})/, '$1["null",$2],"default":null'),
    false,
  ],
  [
    "an optional field",
    "coupon-issue-value",
    (text) => text.replace(/\]\}$/, ',{"name":"channel","type":["null","string"],"default":null}]}'),
    true,
  ],
  ["a symbol more", "coupon-refused-value", (text) => text.replace('"DUPLICATE"', '"DUPLICATE","BLOCKED_USER"'), true],
];

const today = "2026-11-27";

/** Tries each, one after another. Expects what the application declares to be registered. */
export const tryEvolutions = async (admin: RegistryAdmin): Promise<readonly Tried[]> => {
  const tried: Tried[] = [];
  for (const [what, subject, change, made] of changes) {
    const [declared] = subjectsOfApp(app, [subject]);
    if (declared === undefined) throw new RangeError(`no subject ${subject}`);
    const text = JSON.stringify(declared.avro);
    const avro: AvroJson = JSON.parse(change(text));
    const before = await registryState(admin);
    const [considered] = await consider({ admin }, [{ ...declared, avro }], { today });
    if (considered === undefined) throw new RangeError("one subject was asked about");
    const rules = considered.look.verdict.findings.filter(isRefused).map(({ rule }) => rule);
    const ended = considered.stopped
      ? `refused: ${[...new Set([...rules, ...considered.look.troubles.map(({ code }) => code)])].join(", ")}`
      : await make(admin, considered);
    const unchanged = before === (await registryState(admin));
    tried.push({
      what,
      subject,
      ended,
      unchanged,
      expected: change(text) !== text && unchanged === !made && considered.stopped === !made,
    });
  }
  return tried;
};

const make = async (admin: RegistryAdmin, considered: Parameters<typeof evolve>[1]): Promise<string> => {
  const evolved = await evolve({ admin, confirm: async () => {} }, considered);
  const again = await evolve({ admin, confirm: async () => {} }, considered);
  return `${evolved.kind} v${evolved.version}; again: v${again.version}`;
};
