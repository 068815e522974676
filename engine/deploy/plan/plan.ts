/** From what is declared, what was applied last and what is live to what has to be done. Pure; every rule of a deployment is here or in topic-changes.ts. */
import { raisedLevel, subjectLevel } from "../../registry/register.ts";
import { canonicalHash } from "../../flow/graph.ts";
import type { Action, Change, Plan, Refusal } from "./change.ts";
import type { Desired, DesiredTopology } from "./desired.ts";
import { compareGraphs, graphChangesText } from "./graph-changes.ts";
import type { Applied, Live } from "./live.ts";
import { topicChanges } from "./topic-changes.ts";

/** What a plan is made of. */
export interface PlanInput {
  readonly desired: Desired;
  /** The last deployment; undefined before the first. */
  readonly applied: Applied | undefined;
  /** Whether deployments are recorded: graphs and groups are compared with the last one, and with nothing else. */
  readonly recorded: boolean;
  readonly live: Live;
  readonly allow: Allowed;
}

/** Refusals that were lifted by name. */
export interface Allowed {
  /** The recorded cluster may be another one than this. */
  readonly newCluster?: boolean;
  /** A topology may run under another group; that group reads from the beginning. */
  readonly newGroup?: boolean;
}

/** Makes the plan. Nothing to change and nothing to refuse: `changes` and `refusals` are empty. */
export const planOf = (input: PlanInput): Plan => {
  const { desired, applied, recorded, live } = input;
  const topics = Object.entries(desired.topics).map(([name, declared]) =>
    topicChanges({ name, declared, applied: applied?.document.topics[name], live: live.topics[name] ?? null }),
  );
  const subjects = Object.keys(desired.subjects).map((name) => subjectChanges(name, input));
  const topologies = recorded
    ? Object.entries(desired.topologies).map(([name, topology]) => topologyChanges(name, topology, input))
    : [];
  const all = [...topics, ...subjects, ...topologies];
  const changes = [...migrationChanges(live), ...all.flatMap((one) => one.changes)];
  return {
    recorded,
    changes: [...changes, ...(recorded && changes.length === 0 ? recordChanges(input) : [])],
    refusals: [...clusterRefusals(input), ...all.flatMap(({ refusals }) => refusals)],
    foreign: topics.flatMap(({ foreign }) => foreign),
  };
};

interface Findings {
  readonly changes: readonly Change[];
  readonly refusals: readonly Refusal[];
}

const record: Action = { does: "recordDeployment" };

const migrationChanges = ({ pendingMigrations: migrations }: Live): readonly Change[] =>
  migrations.length === 0
    ? []
    : [
        {
          kind: "new",
          area: "tables",
          name: "database",
          text: migrations.join(", "),
          action: { does: "migrate", migrations },
        },
      ];

/** Everything is as declared, but another document was applied last, or none: it has to be recorded. */
const recordChanges = ({ desired, applied }: PlanInput): readonly Change[] =>
  applied !== undefined && canonicalHash(applied.document) === canonicalHash(desired)
    ? []
    : [{ kind: "change", area: "graph", name: "all", text: "the declared document is not recorded", action: record }];

const clusterRefusals = ({ applied, live, allow }: PlanInput): readonly Refusal[] =>
  applied === undefined || applied.clusterId === live.clusterId || allow.newCluster === true
    ? []
    : [
        {
          code: "OTHER_CLUSTER",
          area: "cluster",
          name: live.clusterId,
          text: `deployment ${applied.number} was to cluster ${applied.clusterId}`,
          fix: "Check SLUICE_BROKERS and SLUICE_DATABASE_URL; if this cluster replaces the other, add --new-cluster.",
        },
      ];

const subjectChanges = (name: string, { desired, live }: PlanInput): Findings => {
  const declared = desired.subjects[name];
  const found = live.subjects[name];
  const about = { area: "subject", name } as const;
  const action = { does: "registerSubject", subject: name } as const;
  if (declared === undefined || found === undefined || found.latest === null) {
    const text = `v1, ${declared?.level ?? "?"}`;
    return { changes: [{ ...about, kind: "new", text, action }], refusals: [] };
  }
  const refusals: Refusal[] = [];
  if (found.level !== null && found.level !== declared.level && !isRaised(found.level, declared.level)) {
    refusals.push({
      ...about,
      code: "SUBJECT_LEVEL",
      text: `its level is ${found.level}, declared is ${declared.level}`,
      fix: `Set the level of ${name} to ${declared.level} in the registry.`,
    });
  }
  if (!found.registered && !found.compatible) {
    refusals.push({
      ...about,
      code: "SUBJECT_INCOMPATIBLE",
      text: found.why ?? "readers with the declared schema could not read what is there",
      fix: "sluice schema check shows everything. Give new fields a default, or declare the record and its topic under another name.",
    });
  }
  if (found.strandedLetters !== undefined) {
    refusals.push({
      ...about,
      code: "LETTERS_UNREADABLE",
      text: `${found.strandedLetters} dead letters are readable now and would not be`,
      fix: "Give the fields they have a place or a default, or replay or discard those letters first.",
    });
  }
  const raises = found.level === null || (found.level !== declared.level && declared.level === subjectLevel);
  if (refusals.length > 0 || (found.registered && !raises)) return { changes: [], refusals };
  const level = found.level === null ? `level ${declared.level}` : `level ${found.level} -> ${declared.level}`;
  const text = found.registered ? level : `v${found.latest} -> v${found.latest + 1}, readers first`;
  return { changes: [{ ...about, kind: "change", text, action }], refusals };
};

/** From one of our levels to the other. An older deployment declares the lower one; a level is never lowered. */
const isRaised = (found: string, declared: string): boolean =>
  [found, declared].every((level) => level === subjectLevel || level === raisedLevel);

const topologyChanges = (name: string, declared: DesiredTopology, { applied, live, allow }: PlanInput): Findings => {
  const before = applied?.document.topologies[name];
  if (before === undefined) {
    const text = `${declared.hash.slice(0, 8)}, group ${declared.group}`;
    return { changes: [{ kind: "new", area: "graph", name, text, action: record }], refusals: [] };
  }
  const group = groupFindings(name, { declared, before }, allow);
  if (before.hash === declared.hash) return group;
  const difference = compareGraphs(before.graph, declared.graph);
  const members = live.members[before.group] ?? 0;
  const refusals: readonly Refusal[] =
    difference.otherSources && members > 0
      ? [
          {
            code: "SOURCES_CHANGED",
            area: "graph",
            name,
            text: `its sources change while ${members} worker${members === 1 ? "" : "s"} of ${before.group} run`,
            fix: `Stop the workers of ${name}, then apply again.`,
          },
        ]
      : [];
  const how = isRolling(before, declared) ? "rolling" : "not rolling";
  const text = `${graphChangesText(difference)}; ${how}`;
  return {
    changes: [...group.changes, { kind: "change", area: "graph", name, text, action: record }],
    refusals: [...group.refusals, ...refusals],
  };
};

const groupFindings = (
  topology: string,
  { declared, before }: { readonly declared: DesiredTopology; readonly before: DesiredTopology },
  { newGroup }: Allowed,
): Findings => {
  if (before.group === declared.group) return { changes: [], refusals: [] };
  const about = { area: "group", name: topology } as const;
  const text = `${before.group} -> ${declared.group}, which reads from the beginning`;
  if (newGroup === true) return { changes: [{ ...about, kind: "change", text, action: record }], refusals: [] };
  const fix = `Set SLUICE_GROUP_PREFIX so that the group is ${before.group}, or add --new-group.`;
  return { changes: [], refusals: [{ ...about, code: "OTHER_GROUP", text, fix }] };
};

/** Whether workers of both graphs may run side by side: they read the same topics in the same group. */
export const isRolling = (before: DesiredTopology, next: DesiredTopology): boolean =>
  before.group === next.group && !compareGraphs(before.graph, next.graph).otherSources;
