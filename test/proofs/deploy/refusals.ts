/** Every refusal of a deployment, tried on a real cluster and registry: nothing may differ afterwards. */
import type { AvroJson } from "../../../engine/avro/avro.ts";
import { outcomeError } from "../../../engine/app/deploying/outcome.ts";
import type { Desired } from "../../../engine/deploy/plan/desired.ts";
import { type ApplyRequest, applyDesired } from "../../../engine/deploy/run/apply.ts";
import { makePlan } from "../../../engine/deploy/run/observe.ts";
import { boundOf } from "../../../engine/deploy/plan/live.ts";
import type { DeployPorts } from "../../../engine/deploy/run/ports.ts";
import { canonicalJson } from "../../../engine/flow/graph.ts";
import { proofDocument } from "./documents.ts";

/** One refusal as it was met. */
export interface Refused {
  readonly what: string;
  readonly code: string;
  readonly exitCode: number;
  /** Topics with their settings, subjects and deployments are byte for byte what they were. */
  readonly unchanged: boolean;
}

const name = "refusals";
const first = proofDocument(name);
const sized = { fields: [{ name: "size", type: "int", default: 0 }] };
const base = proofDocument(name, sized);

/** The refusals by what causes them: a document, and what is different about the ports. */
const cases: readonly {
  readonly what: string;
  readonly desired: Desired;
  readonly ports?: (ports: DeployPorts) => DeployPorts;
  readonly request?: (ports: DeployPorts) => Promise<Partial<ApplyRequest>>;
}[] = [
  { what: "fewer partitions", desired: proofDocument(name, { ...sized, input: { partitions: 2 } }) },
  { what: "more partitions of a keyed topic", desired: proofDocument(name, { ...sized, input: { partitions: 6 } }) },
  { what: "another key", desired: proofDocument(name, { ...sized, input: { key: "userId" } }) },
  {
    what: "an incompatible subject",
    desired: proofDocument(name, { fields: [{ name: "price", type: "int" }] }),
  },
  {
    // The registry takes it: it compares only with the version before, which has the field.
    what: "dead letters that would be unreadable",
    desired: proofDocument(name, { fields: [{ name: "size", type: "int" }] }),
  },
  {
    what: "a subject at another level",
    desired: { ...base, subjects: { ...base.subjects, [`${name}-in-value`]: { level: "FULL", avro: avroOf(base) } } },
  },
  {
    what: "another cluster than recorded",
    desired: base,
    ports: (ports) => ({ ...ports, cluster: { ...ports.cluster, clusterId: async () => "another-cluster" } }),
  },
  { what: "a group under another name", desired: proofDocument(name, { ...sized, group: "proof.other" }) },
  {
    what: "a changed source while workers run",
    desired: proofDocument(name, { ...sized, source: "out" }),
    ports: (ports) => ({ ...ports, cluster: { ...ports.cluster, describeGroup: async () => aMember } }),
  },
  {
    what: "several at once",
    desired: proofDocument(name, { ...sized, input: { partitions: 2, key: "userId" }, group: "proof.other" }),
  },
  {
    what: "a risk that was not confirmed",
    desired: proofDocument(name, { ...sized, input: { settings: { "retention.ms": "1000" } } }),
    request: async () => ({ confirm: async () => false }),
  },
  {
    what: "a saved plan that is out of date",
    desired: base,
    request: async (ports) => {
      const { live } = await makePlan(ports, base, {});
      return { observed: { ...boundOf(live), deployment: live.deployment - 1 } };
    },
  },
];

const aMember = { state: "Stable", members: [{ memberId: "m", clientId: "c", host: "h", topics: [] }] };

function avroOf(document: Desired) {
  const subject = document.subjects[`${name}-in-value`];
  if (subject === undefined) throw new RangeError("no subject");
  return subject.avro;
}

/** Writes a dead letter with the value of a record, `{id}`, as the first schema of its subject has it. */
export type WriteLetter = (letters: string, source: string, avro: AvroJson) => Promise<void>;

/** Applies two versions of the base with a dead letter in between, then tries every refusal. */
export const tryRefusals = async (ports: DeployPorts, writeLetter: WriteLetter): Promise<readonly Refused[]> => {
  const apply = (over: Partial<ApplyRequest>, on = ports) =>
    applyDesired(on, {
      desired: base,
      allow: {},
      confirm: async () => true,
      actor: "proof",
      host: "proof",
      verb: "topology apply",
      reason: null,
      lockWaitMs: 0,
      ...over,
    });
  await apply({ desired: first });
  await writeLetter(`${name}.dlq`, `${name}-in`, avroOf(first));
  await apply({});
  const refused: Refused[] = [];
  for (const { what, desired, ports: changed = (same: DeployPorts) => same, request = async () => ({}) } of cases) {
    const before = await everything(ports);
    const outcome = await apply({ desired, ...(await request(ports)) }, changed(ports));
    const error = outcomeError(outcome);
    const codes =
      outcome.kind === "refused" ? outcome.planned.plan.refusals.map(({ code }) => code) : [error?.code ?? "-"];
    const unchanged = (await everything(ports)) === before;
    refused.push({ what, code: codes.join(", "), exitCode: error?.exitCode ?? 0, unchanged });
  }
  return refused;
};

const everything = async (ports: DeployPorts): Promise<string> => {
  const { live } = await makePlan(ports, base, {});
  const described = await ports.cluster.describeTopics(Object.keys(base.topics));
  return canonicalJson([live, Object.fromEntries(described)]);
};
