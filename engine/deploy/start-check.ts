/** What a worker asks before it joins its group: whether its graph was deployed, and whether its topics keep what is promised. */
import type { AnyTopic } from "../flow/parts.ts";
import { Fatal } from "../errors.ts";
import type { KafkaAdmin } from "../log/kafka/admin/admin.ts";
import type { AcceptedGraphs } from "./deployments.ts";
import { reasonFor, requiredAtStart, topicSettings } from "./plan/topic-settings.ts";

/** The graph a worker runs. */
export interface RunningGraph {
  readonly name: string;
  readonly hash: string;
}

/** @throws Fatal (GRAPH_NOT_DEPLOYED) where neither of the accepted graphs is this one */
export const refuseUndeployed = ({ name, hash }: RunningGraph, accepted: AcceptedGraphs | undefined): void => {
  if (accepted !== undefined && [accepted.hash, accepted.beside].includes(hash)) return;
  const deployed =
    accepted === undefined
      ? "it was never deployed"
      : `deployment ${accepted.deployment} has ${[accepted.hash, accepted.beside].flatMap((one) => one?.slice(0, 8) ?? []).join(" and ")}`;
  throw new Fatal(
    "GRAPH_NOT_DEPLOYED",
    `this code's graph of ${name} is ${hash.slice(0, 8)}, but ${deployed}. Run: sluice topology apply; or start the release that is deployed`,
  );
};

/** A topic as it is checked at a start. */
export type CheckedTopic = Pick<AnyTopic, "name" | "config">;

/**
 * Refuses topics whose settings break a promise with the first record.
 * @throws Fatal (TOPIC_SETTING) naming each topic and setting, why it matters, and the command
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
  throw new Fatal("TOPIC_SETTING", `${wrong.join("; ")}. Run: sluice topology plan, then sluice topology apply`);
};
