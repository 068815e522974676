/** Generated pairs of schemas: this engine's verdict beside avsc's and beside a registry's. */
import avsc from "avsc";
import type { RegistryAdmin } from "../../../engine/registry/admin.ts";
import { compare, type Finding, isReadable } from "../../../engine/evolution/compare.ts";
import { schemaPair, type SchemaPair } from "../../../engine/evolution/testing/schema-pairs.ts";

/** How often both said the same, and where they did not. */
export interface Agreement {
  readonly readable: number;
  readonly unreadable: number;
  readonly disagreements: readonly Disagreement[];
}

/** One pair on which two engines disagree. */
export interface Disagreement {
  readonly seed: number;
  readonly how: string;
  /** What this engine finds that stops a reader; empty where it finds nothing. */
  readonly ours: string;
  readonly others: string;
}

/** Compares verdicts over the pairs of the seeds from 0 on. */
export const agreementOn = async (
  pairs: number,
  opinion: (pair: SchemaPair, seed: number) => Promise<boolean | string>,
): Promise<Agreement> => {
  const counts = { readable: 0, unreadable: 0 };
  const disagreements: Disagreement[] = [];
  for (let seed = 0; seed < pairs; seed++) {
    const pair = schemaPair(seed);
    const findings = compare(pair.reader, pair.writer);
    const readable = isReadable(findings);
    const theirs = await opinion(pair, seed);
    if (theirs === readable) counts[readable ? "readable" : "unreadable"]++;
    else disagreements.push({ seed, how: pair.how.join(", "), ours: rulesOf(findings), others: String(theirs) });
  }
  return { ...counts, disagreements };
};

const rulesOf = (findings: readonly Finding[]): string =>
  [...new Set(findings.filter(({ severity }) => severity === "break").map(({ rule }) => rule))].toSorted().join(", ");

/** Whether avsc makes a resolver. */
export const avscOpinion = async ({ reader, writer }: SchemaPair): Promise<boolean> => {
  const [to, from] = [reader, writer].map((avro) => avsc.Type.forSchema(avro as avsc.Schema));
  try {
    if (to === undefined || from === undefined) throw new RangeError("two types were made");
    to.createResolver(from);
    return true;
  } catch {
    return false;
  }
};

/** What a registry says of the reader beside the writer, which is registered first, each under a subject of its own. */
export const registryOpinion =
  (admin: RegistryAdmin, prefix: string) =>
  async ({ reader, writer }: SchemaPair, seed: number): Promise<boolean | string> => {
    const subject = `${prefix}-${seed}-value`;
    const registered = await admin.register(subject, writer);
    if (registered.kind !== "registered") return `writer ${registered.kind}: ${registered.why.slice(0, 80)}`;
    await admin.setLevel(subject, "BACKWARD");
    return (await admin.isCompatible(subject, 1, reader)) ?? "no verdict";
  };
