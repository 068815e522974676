/** A process that publishes, on topics of a real cluster: it refuses one whose settings break a promise. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { Registry } from "prom-client";
import { StartRefused } from "../../errors.ts";
import { type KafkaAdmin, kafkaAdmin } from "../../log/kafka/admin/admin.ts";
import { silentLogger } from "../../logger.ts";
import { addressOf, brokerAddresses } from "../../testing/address.ts";
import { engineOnly } from "../config/settings.ts";
import { openProducer } from "./open-producer.ts";

const config = engineOnly.read(
  { SLUICE_BROKERS: brokerAddresses().join(","), SLUICE_REGISTRY_URL: addressOf("SLUICE_REGISTRY_URL") },
  () => "",
);
const name = `open-producer-${randomUUID()}`;
let admin: KafkaAdmin;
before(async () => {
  admin = await kafkaAdmin({ brokers: config.brokers, clientId: "open-producer-test" });
  await admin.ensureTopics([{ name, partitions: 1, config: { "message.timestamp.type": "CreateTime" } }]);
});
after(async () => {
  await admin.deleteTopics([name]);
  await admin.close();
});

const open = () =>
  openProducer(
    { config, logger: silentLogger, registry: new Registry() },
    { clientId: "open-producer-test", topics: [{ name, partitions: 1 }] },
  );

test("openProducer: refuses a topic that keeps a client's clock, and takes it when that is mended", async () => {
  await assert.rejects(
    open(),
    (error) =>
      error instanceof StartRefused &&
      error.code === "TOPIC_SETTING" &&
      error.message.includes(`topic ${name} has message.timestamp.type CreateTime, declared is LogAppendTime`),
  );
  await admin.alterSettings(name, { set: { "message.timestamp.type": "LogAppendTime" }, reset: [] });
  const { producer, log } = await open();
  await producer.close();
  await log.close();
});
