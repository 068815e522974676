/** Asks the checks of engine/deploy/start-check.ts before a worker starts, and ends with "refused" where one says no. */
import type { OpenDeployments } from "../../deploy/deployments.ts";
import { type CheckedTopic, refuseOtherSettings, refuseUndeployed } from "../../deploy/start-check.ts";
import { backoffMs, systemClock } from "../../clock.ts";
import { Fatal, Unavailable } from "../../errors.ts";
import { writtenTopics } from "../../flow/parts.ts";
import { errorFields, type Logger } from "../../logger.ts";
import { kafkaAdmin } from "../../log/kafka/admin/admin.ts";
import { deadLetterTopic } from "../../worker/round/dead-letter.ts";
import { retryTopic } from "../../worker/round/retry-record.ts";
import { CliError, exitCodes } from "../cli.ts";
import type { EngineConfig } from "../config/engine-config.ts";
import type { App, Hosted, ProcessContext } from "../define-app.ts";

/** Between two questions to a store that is away. */
const backoff = { initialMs: 200, maxMs: 5_000 };

/**
 * Returns when a worker of `topology` may start; waits while the store of deployments is away. Applications without one
 * have only their topics checked.
 * @throws CliError (GRAPH_NOT_DEPLOYED, TOPIC_SETTING) with exit code 4
 * @throws Unavailable where the cluster is away
 */
export const refuseBeforeStart = async <Config extends EngineConfig>(
  app: App<Config>,
  { config, logger }: ProcessContext<Config>,
  { topology: { graph, hash, parts } }: Hosted<Config>,
): Promise<void> => {
  const store = await app.deployments?.(config);
  const admin = await kafkaAdmin({ brokers: config.brokers, clientId: "sluice-start" });
  const topics: readonly CheckedTopic[] = [
    ...parts.sources,
    ...writtenTopics(parts),
    { name: deadLetterTopic(graph.name) },
    { name: retryTopic(graph.name) },
  ];
  const startedAt = performance.now();
  try {
    // Both at once: each costs connections of its own, and a start is waited for.
    const topicsChecked = refuseOtherSettings(admin, topics);
    topicsChecked.catch(() => {});
    if (store !== undefined) await whileAway(logger, () => refuseGraph(store, { name: graph.name, hash }));
    await topicsChecked;
    const tookMs = Math.round(performance.now() - startedAt);
    logger.info({ event: "start.checked", topology: graph.name, graph: hash.slice(0, 12), tookMs }, "may start");
  } catch (error) {
    throw refusalOf(error);
  } finally {
    await admin.close();
    await store?.close();
  }
};

const whileAway = async (logger: Logger, ask: () => Promise<void>): Promise<void> => {
  for (let attempt = 1; ; attempt++) {
    try {
      await ask();
      return;
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      logger.warn({ event: "start.waiting", ...errorFields(error) }, "waiting to learn which graph is deployed");
      await systemClock.sleep(backoffMs(backoff, attempt, Math.random));
    }
  }
};

const refuseGraph = async (
  { deployments }: OpenDeployments,
  graph: { readonly name: string; readonly hash: string },
): Promise<void> => refuseUndeployed(graph, await deployments.accepted(graph.name));

const refusalOf = (error: unknown): unknown =>
  error instanceof Fatal && ["GRAPH_NOT_DEPLOYED", "TOPIC_SETTING"].includes(error.code)
    ? new CliError(error.message, { code: error.code, exitCode: exitCodes.refused, cause: error })
    : error;
