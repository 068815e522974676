/** A batch that cannot be read, on the real stack: its place goes to the dead letters, and what comes after it is processed. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, test } from "node:test";
import { applyApp } from "../../engine/app/apply.ts";
import { engineOnly } from "../../engine/app/config/settings.ts";
import { defineApp, runs, topologyNamed } from "../../engine/app/define-app.ts";
import { createRegistry } from "../../engine/app/metrics/define.ts";
import { record, string, type TypeOf } from "../../engine/avro/avro.ts";
import { createCodec } from "../../engine/avro/codec.ts";
import { confluentRegistry } from "../../engine/registry/registry.ts";
import { topic } from "../../engine/avro/topic.ts";
import { defineTopology, from } from "../../engine/flow/dsl.ts";
import { defineStore } from "../../engine/flow/store.ts";
import { kafkaAdmin } from "../../engine/log/kafka/admin/admin.ts";
import { kafkaLog } from "../../engine/log/kafka/kafka-log.ts";
import { sendBomb } from "../../engine/log/kafka/testing/send-bomb.ts";
import type { LogRecord } from "../../engine/log/log.ts";
import { silentLogger } from "../../engine/logger.ts";
import { deadLetterTopic } from "../../engine/worker/round/dead-letter.ts";
import { stackAddresses, until } from "../testing/stack-under-test.ts";

const { endpoints } = stackAddresses();
const { brokers, registryUrl } = endpoints;
const name = `unreadable-${randomUUID()}`;
const Text = record(`test.v1.Text${name.replaceAll("-", "")}`, { text: string() });
type Text = TypeOf<typeof Text>;
const texts = topic(name, Text, { key: "text", id: ({ text }) => text, partitions: 1 });

const kept: string[] = [];
const store = defineStore({
  name: "kept",
  writeMany: async (items: readonly { readonly value: Text }[], _deps: object) => {
    kept.push(...items.map(({ value }) => value.text));
  },
});
const toKept = (value: Text): Text => value;
const app = defineApp({
  name: "unreadable",
  description: "Keeps texts.",
  settings: async () => engineOnly,
  topologies: [
    runs(
      defineTopology(
        name,
        from(texts, (all) => all.to(store, toKept)),
      ),
      { open: async () => ({ deps: () => ({}), close: async () => {} }) },
    ),
  ],
});

const log = kafkaLog({ brokers, clientId: "unreadable-test", logger: silentLogger });
const admin = await kafkaAdmin({ brokers, clientId: "unreadable-test" });
after(async () => {
  await log.close();
  await admin.deleteTopics([name, deadLetterTopic(name)]);
  await admin.close();
});

const lettersOf = async (): Promise<readonly LogRecord[]> => {
  const letters: LogRecord[] = [];
  await admin.readTopic(deadLetterTopic(name), (_, records) => void letters.push(...records));
  return letters;
};

test("worker: dead-letters the place of a batch that cannot be read, and goes on with what comes after it", {
  timeout: 120_000,
}, async () => {
  const config = engineOnly.read(
    { SLUICE_BROKERS: brokers.join(","), SLUICE_REGISTRY_URL: registryUrl, SLUICE_GROUP_PREFIX: "unreadable" },
    () => "",
  );
  await applyApp(app, config);
  const codec = createCodec({ source: confluentRegistry({ url: registryUrl }), now: () => performance.now() });
  const encode = await codec.encoder(texts);
  const at = { topic: name, partition: 0 };
  const send = (text: string) => log.append(at, [{ key: Buffer.from(text), value: encode({ text }) }]);

  await send("before");
  const offset = await sendBomb(brokers, at);
  await send("after");
  const running = await topologyNamed(app, name).start({ config, logger: silentLogger, registry: createRegistry() });
  try {
    await until("what comes after it is kept", () => kept.includes("after"));
    await until("its place is set aside", async () => (await lettersOf()).length === 1);
  } finally {
    await running.stop();
  }
  assert.deepEqual(kept, ["before", "after"]);
  const [letter] = await lettersOf();
  const header = (of: string): string => String(letter?.headers[`_flow.err.${of}`]);
  assert.deepEqual(["topic", "partition", "offset", "code"].map(header), [
    name,
    "0",
    String(offset),
    "UNREADABLE_BATCH",
  ]);
  assert.match(header("message"), new RegExp(`batch of the offsets ${offset} to ${offset}: gzip`));
  assert.deepEqual([letter?.key, letter?.value], [null, null]);
  assert.deepEqual(await admin.committedOffsets(`unreadable.${name}`, name), [3n]);
});
