/** Looks at everything a plan compares, and makes the plan. Changes nothing. */
import { topicOfSubject } from "../../avro/topic.ts";
import { deadLetterTopic } from "../../worker/round/dead-letter.ts";
import type { Deployment } from "../deployments.ts";
import type { Desired } from "../plan/desired.ts";
import type { Live, LiveSubject, LiveTopic } from "../plan/live.ts";
import type { Plan } from "../plan/change.ts";
import { type Allowed, planOf } from "../plan/plan.ts";
import type { DeployPorts } from "./ports.ts";

/** A plan and what it was made of. */
export interface Planned {
  readonly desired: Desired;
  readonly allow: Allowed;
  readonly applied: Deployment | undefined;
  readonly live: Live;
  readonly plan: Plan;
}

/** Observes and plans. @throws Unavailable @throws RegistryUnavailable */
export const makePlan = async (ports: DeployPorts, desired: Desired, allow: Allowed): Promise<Planned> => {
  const applied = await ports.deployments.latest();
  const live = await observe(ports, desired, applied);
  const { recorded } = ports.deployments;
  return { desired, allow, applied, live, plan: planOf({ desired, applied, recorded, live, allow }) };
};

/** Observes what `desired` and the last deployment name. */
export const observe = async (ports: DeployPorts, desired: Desired, applied: Deployment | undefined): Promise<Live> => {
  const { cluster, registry, deployments } = ports;
  const topics = [...new Set([...Object.keys(desired.topics), ...Object.keys(applied?.document.topics ?? {})])];
  const groups = groupsOf(desired, applied);
  const [clusterId, described, pendingMigrations, subjects, members] = await Promise.all([
    cluster.clusterId(),
    cluster.describeTopics(topics),
    deployments.pendingMigrations(),
    inTurn(Object.entries(desired.subjects), async ([name, { avro }]): Promise<LiveSubject> => {
      const state = await registry.state(name, avro);
      const changes = state.latest !== null && !state.registered && state.compatible;
      const stranded = changes ? await strandedBy(ports, name, { desired, applied }) : 0;
      return stranded === 0 ? state : { ...state, strandedLetters: stranded };
    }),
    inTurn(groups, async (group) => (await cluster.describeGroup(group)).members.length),
  ]);
  const settingsOf = (topic: string): ReadonlySet<string> =>
    new Set([desired, applied?.document].flatMap((document) => Object.keys(document?.topics[topic]?.settings ?? {})));
  const liveTopic = (name: string): LiveTopic | null => {
    const topic = described.get(name);
    if (topic === undefined) return null;
    const named = settingsOf(name);
    const effective = Object.entries(topic.effective).filter(([setting]) => named.has(setting));
    return { partitions: topic.partitions, overrides: topic.overrides, effective: Object.fromEntries(effective) };
  };
  return {
    clusterId,
    deployment: applied?.number ?? 0,
    topics: Object.fromEntries(topics.map((name) => [name, liveTopic(name)])),
    subjects: Object.fromEntries(Object.keys(desired.subjects).flatMap((name, at) => pair(name, subjects[at]))),
    members: Object.fromEntries(groups.flatMap((name, at) => pair(name, members[at]))),
    pendingMigrations,
  };
};

/** Dead letters of the topologies that read a subject's topic. */
const strandedBy = async (
  { strandedLetters }: DeployPorts,
  subject: string,
  { desired, applied }: { readonly desired: Desired; readonly applied: Deployment | undefined },
): Promise<number> => {
  const [before, after] = [applied?.document.subjects[subject]?.avro, desired.subjects[subject]?.avro];
  if (applied === undefined || before === undefined || after === undefined) return 0;
  const source = topicOfSubject(subject);
  const readers = Object.values(applied.document.topologies).filter(({ graph }) => graph.sources.includes(source));
  const counts = await inTurn(readers, ({ graph }) =>
    strandedLetters({ letters: deadLetterTopic(graph.name), source, before, after }),
  );
  return counts.reduce((sum, count) => sum + count, 0);
};

const groupsOf = (desired: Desired, applied: Deployment | undefined): readonly string[] => [
  ...new Set(
    [desired, applied?.document].flatMap((document) =>
      Object.values(document?.topologies ?? {}).map(({ group }) => group),
    ),
  ),
];

const pair = <T>(name: string, value: T | undefined): readonly (readonly [string, T])[] =>
  value === undefined ? [] : [[name, value]];

/** One after another: registries and coordinators are asked little, and a cold one answers one request at a time best. */
const inTurn = async <T, R>(items: readonly T[], ask: (item: T) => Promise<R>): Promise<readonly R[]> => {
  const answers: R[] = [];
  for (const item of items) answers.push(await ask(item));
  return answers;
};
