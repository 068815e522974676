/** Appends an order to its topic, and prints the answer that a worker writes: `npm run send`. */
import { silentLogger } from "sluice-engine";
import { loadConfig } from "sluice-engine/app";
import { confluentRegistry, createCodec } from "sluice-engine/avro";
import { kafkaAdmin, kafkaLog, partitionOfKey } from "sluice-engine/log";
import { app } from "./sluice.config.ts";
import { answers, orders } from "./topology.ts";

const end = (code: number, text: string): never => {
  process.stderr.write(`${text}\n`);
  process.exit(code);
};

const { brokers, registryUrl: url } = await loadConfig(app).catch((mistake: Error) => end(2, mistake.message));
const kafka = { brokers, clientId: "send-order", logger: silentLogger };
const codec = createCodec({ source: confluentRegistry({ url }), now: () => performance.now() });

const order = { orderId: `order-${Date.now()}`, sku: "a", quantity: 1 };
const encode = await codec.encoder(orders);
const key = Buffer.from(orders.key(order));
const log = kafkaLog(kafka);
await log.append({ topic: orders.name, partition: partitionOfKey(key, orders.partitions) }, [
  { key, value: encode(order) },
]);
await log.close();

const admin = await kafkaAdmin(kafka);
const decoder = codec.decoder(answers);
for (const endAt = Date.now() + 60_000; Date.now() < endAt; ) {
  await admin.readTopic(answers.name, async (_, records) => {
    for (const { value } of records) {
      let answer = decoder.decode(value);
      // The first record of a schema: fetch it.
      if (answer.kind === "unknownSchema" && (await decoder.learn(answer.id)) === "known")
        answer = decoder.decode(value);
      if (answer.kind !== "value" || answer.value.orderId !== order.orderId) continue;
      process.stdout.write(`${JSON.stringify(answer.value)}\n`);
      process.exit(0);
    }
  });
}
end(1, `${order.orderId} has no answer after 60 s: does a worker run? npm run sluice -- worker`);
