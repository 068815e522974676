/** Where each topology stands in the log, asked on connections that are kept between two questions. */
import type { Standing } from "../../console/live/describe.ts";
import { type KafkaAdmin, kafkaAdmin } from "../../log/kafka/admin/admin.ts";
import { lagOf } from "../../log/lag.ts";
import { unlessMissing } from "../../log/unless-missing.ts";
import { deadLetterTopic } from "../../worker/round/dead-letter.ts";
import type { EngineConfig } from "../config/engine-config.ts";
import type { App } from "../define-app.ts";

/** Answers, until it is closed. */
export interface StandingLook {
  /** A topic that is not there has nothing. @throws Unavailable, and connects anew at the next question */
  readonly ask: () => Promise<ReadonlyMap<string, Standing>>;
  readonly close: () => Promise<void>;
}

/** Nothing is connected before the first question. */
export const createStandingLook = <Config extends EngineConfig>(
  { topologies }: Pick<App<Config>, "topologies">,
  { brokers, groupPrefix }: Pick<Config, "brokers" | "groupPrefix">,
): StandingLook => {
  let admin: Promise<KafkaAdmin> | undefined;
  const disconnect = async (): Promise<void> => {
    const opened = admin;
    admin = undefined;
    await (await opened?.catch(() => undefined))?.close();
  };
  return {
    ask: async () => {
      try {
        admin ??= kafkaAdmin({ brokers, clientId: "sluice-console" });
        const cluster = await admin;
        const found = new Map<string, Standing>();
        for (const { topology } of topologies) {
          const { name, sources } = topology.graph;
          found.set(name, await standingOf(cluster, { name, sources, group: `${groupPrefix}.${name}` }));
        }
        return found;
      } catch (error) {
        await disconnect();
        throw error;
      }
    },
    close: disconnect,
  };
};

const standingOf = async (
  cluster: KafkaAdmin,
  { name, sources, group }: { readonly name: string; readonly sources: readonly string[]; readonly group: string },
): Promise<Standing> => {
  const lag: Record<string, number> = {};
  for (const topic of sources) lag[topic] = Number(await unlessMissing(() => lagOf(cluster, group, topic), 0n));
  const topic = deadLetterTopic(name);
  const letters = await unlessMissing(async () => {
    const [starts, ends] = [await cluster.startOffsets(topic), await cluster.endOffsets(topic)];
    return ends.reduce((sum, end, at) => sum + end - (starts[at] ?? 0n), 0n);
  }, 0n);
  return { letters: Number(letters), lag };
};
