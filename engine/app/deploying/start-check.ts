/** Asks the checks of engine/deploy/start-check.ts before a worker starts, which ends with "refused" where one says no. */
import type { OpenDeployments } from "../../deploy/deployments.ts";
import {
  type CheckedTopic,
  refuseOtherSettings,
  refuseUndeployed,
  type RunningGraph,
} from "../../deploy/start-check.ts";
import { writtenTopics } from "../../flow/parts.ts";
import { kafkaAdmin } from "../../log/kafka/admin/admin.ts";
import { deadLetterTopic } from "../../worker/round/dead-letter.ts";
import { retryTopic } from "../../worker/round/retry-record.ts";
import type { EngineConfig } from "../config/engine-config.ts";
import type { App, Hosted, ProcessContext } from "../define-app.ts";
import { whileAway } from "../process/while-away.ts";

/**
 * Returns when a worker of `topology` may start; waits while the store of deployments is away. Applications without one
 * have only their topics checked.
 * @throws StartRefused (GRAPH_NOT_DEPLOYED, OTHER_GROUP, TOPIC_SETTING)
 * @throws Unavailable where the cluster is away
 */
export const refuseBeforeStart = async <Config extends EngineConfig>(
  app: App<Config>,
  { config, logger }: ProcessContext<Config>,
  { topology: { graph, hash, parts } }: Hosted<Config>,
): Promise<void> => {
  const startedAt = performance.now();
  const store = await app.deployments?.(config);
  const admin = await kafkaAdmin({ brokers: config.brokers, clientId: "sluice-start" });
  const topics: readonly CheckedTopic[] = [
    ...parts.sources,
    ...writtenTopics(parts),
    { name: deadLetterTopic(graph.name) },
    { name: retryTopic(graph.name) },
  ];
  try {
    // Both at once: each costs connections of its own, and a start is waited for.
    const topicsChecked = refuseOtherSettings(admin, topics);
    topicsChecked.catch(() => {});
    if (store !== undefined)
      await whileAway(logger, "which graph is deployed", () =>
        refuseGraph(store, { name: graph.name, hash, group: `${config.groupPrefix}.${graph.name}` }),
      );
    await topicsChecked;
    const tookMs = Math.round(performance.now() - startedAt);
    logger.info({ event: "start.checked", topology: graph.name, graph: hash.slice(0, 12), tookMs }, "may start");
  } finally {
    await admin.close();
    await store?.close();
  }
};

/** What every process that writes to topics asks at its start. @throws StartRefused (TOPIC_SETTING) @throws Unavailable */
export const refuseOtherTopicSettings = async (
  { brokers }: Pick<EngineConfig, "brokers">,
  topics: readonly CheckedTopic[],
): Promise<void> => {
  const admin = await kafkaAdmin({ brokers, clientId: "sluice-start" });
  try {
    await refuseOtherSettings(admin, topics);
  } finally {
    await admin.close();
  }
};

const refuseGraph = async ({ deployments }: OpenDeployments, graph: RunningGraph): Promise<void> =>
  refuseUndeployed(graph, await deployments.accepted(graph.name));
