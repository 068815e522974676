/** What a worker asks before it joins its group: whether its graph was deployed, and whether its topics keep what is promised. */
import type { AnyTopic } from "../flow/parts.ts";
import { StartRefused } from "../errors.ts";
import type { KafkaAdmin } from "../log/kafka/admin/admin.ts";
import type { AcceptedGraphs } from "./deployments.ts";
import { reasonFor, requiredAtStart, topicSettings } from "./plan/topic-settings.ts";

/** The graph a worker runs, and its consumer group. */
export interface RunningGraph {
  readonly name: string;
  readonly hash: string;
  readonly group: string;
}

/**
 * @throws StartRefused (GRAPH_NOT_DEPLOYED) where neither of the accepted graphs is this one
 * @throws StartRefused (OTHER_GROUP) where it was deployed for another group. Two groups of one topology would decide every
 * record twice and take each partition's lease from each other without end.
 */
export const refuseUndeployed = ({ name, hash, group }: RunningGraph, accepted: AcceptedGraphs | undefined): void => {
  if (accepted !== undefined && [accepted.hash, accepted.beside].includes(hash)) {
    if (accepted.group === group) return;
    throw new StartRefused(
      "OTHER_GROUP",
      `deployment ${accepted.deployment} runs ${name} in group ${accepted.group}, but this worker is of group ${group}. ` +
        `Set SLUICE_GROUP_PREFIX so that the group is ${accepted.group}, or deploy the other group: sluice topology apply --new-group; a second shop needs a database of its own`,
    );
  }
  const deployed =
    accepted === undefined
      ? "it was never deployed"
      : `deployment ${accepted.deployment} has ${[accepted.hash, accepted.beside].flatMap((one) => one?.slice(0, 8) ?? []).join(" and ")}`;
  throw new StartRefused(
    "GRAPH_NOT_DEPLOYED",
    `this code's graph of ${name} is ${hash.slice(0, 8)}, but ${deployed}. Run: sluice topology apply; or start the release that is deployed`,
  );
};

/** A topic as it is checked at a start. */
export type CheckedTopic = Pick<AnyTopic, "name" | "config">;

/**
 * Refuses topics whose settings break a promise with the first record.
 * @throws StartRefused (TOPIC_SETTING) naming each topic and setting, why it matters, and the command
 */
export const refuseOtherSettings = async (
  cluster: Pick<KafkaAdmin, "describeTopics">,
  topics: readonly CheckedTopic[],
): Promise<void> => {
  const described = await cluster.describeTopics(topics.map(({ name }) => name));
  const wrong = topics.flatMap(({ name, config }) =>
    [...requiredAtStart].flatMap((setting) => {
      const declared = config?.[setting] ?? topicSettings[setting];
      const found = described.get(name)?.effective[setting];
      if (found === undefined || found === declared) return [];
      return [`topic ${name} has ${setting} ${found}, declared is ${declared}: ${reasonFor(setting)}`];
    }),
  );
  if (wrong.length === 0) return;
  throw new StartRefused("TOPIC_SETTING", `${wrong.join("; ")}. Run: sluice topology plan, then sluice topology apply`);
};
