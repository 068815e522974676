/** The log on Kafka. */
import type { Log, Subscription } from "../log.ts";
import { type KafkaOptions, settingsOf } from "./options.ts";
import { openSubscription } from "./consumer/subscription.ts";
import { openWriter } from "./writer.ts";

/** Reads and writes a cluster; connects when it is first used. @throws Fatal (KAFKA_OPTIONS, KAFKAJS_CHANGED) */
export const kafkaLog = (options: KafkaOptions): Log => {
  const settings = settingsOf(options);
  const writer = openWriter(settings);
  const subscriptions = new Set<Subscription>();
  return {
    append: writer.append,
    partitionCount: writer.partitionCount,
    subscribe: async (to, listener) => {
      const subscription = await openSubscription(settings, to, listener);
      subscriptions.add(subscription);
      return {
        commit: subscription.commit,
        pause: subscription.pause,
        resume: subscription.resume,
        positions: subscription.positions,
        trouble: subscription.trouble,
        stop: async () => {
          await subscription.stop();
          subscriptions.delete(subscription);
        },
      };
    },
    close: async () => {
      await Promise.all([...subscriptions].map((subscription) => subscription.stop()));
      await writer.close();
    },
  };
};
