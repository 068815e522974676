/** Appends one order and prints its answer: for the application that `sluice init` writes. */
import { createCodec, confluentRegistry } from "sluice-engine/avro";
import { silentLogger } from "sluice-engine";
import { kafkaAdmin, kafkaLog, partitionOfKey } from "sluice-engine/log";
import { answers, orders } from "./topology.ts";

const { SLUICE_BROKERS = "", SLUICE_REGISTRY_URL = "" } = process.env;
const kafka = { brokers: SLUICE_BROKERS.split(","), clientId: "send-order", logger: silentLogger };
const codec = createCodec({ source: confluentRegistry({ url: SLUICE_REGISTRY_URL }), now: () => performance.now() });

const order = { orderId: `order-${Date.now()}`, sku: "a", quantity: 1 };
const encode = await codec.encoder(orders);
const key = Buffer.from(orders.key(order));
const log = kafkaLog(kafka);
const partition = partitionOfKey(key, orders.partitions);
await log.append({ topic: orders.name, partition }, [{ key, value: encode(order) }]);
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
      if (answer.kind === "value" && answer.value.orderId === order.orderId) {
        process.stdout.write(`${JSON.stringify(answer.value)}\n`);
        process.exit(0);
      }
    }
  });
}
process.exit(1);
