/** `kafka-consumer-groups --reset-offsets`, for one topic: with the options that docs/restoring.md uses, and no others. */
import { parseArgs } from "node:util";
import { Kafka, logLevel } from "kafkajs";

const text = { type: "string" } as const;
const flag = { type: "boolean" } as const;
const { values } = parseArgs({
  options: {
    "bootstrap-server": text,
    group: text,
    topic: text,
    "to-datetime": text,
    "to-earliest": flag,
    "reset-offsets": flag,
    execute: flag,
  },
});
const { group: groupId = "", topic = "", "to-datetime": since, "bootstrap-server": brokers = "" } = values;
if (values["reset-offsets"] !== true || values.execute !== true) throw new Error("expected --reset-offsets --execute");

const admin = new Kafka({ brokers: brokers.split(","), logLevel: logLevel.ERROR }).admin();
await admin.connect();
try {
  const partitions =
    since === undefined
      ? (await admin.fetchTopicOffsets(topic)).map(({ partition, low }) => ({ partition, offset: low }))
      : // Kafka's tool reads a moment without a zone as UTC.
        await admin.fetchTopicOffsetsByTimestamp(topic, Date.parse(`${since}Z`));
  await admin.setOffsets({ groupId, topic, partitions });
} finally {
  await admin.disconnect();
}
