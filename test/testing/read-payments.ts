/** The payments in the real topic, for tests that compare them with what was paid. */
import { createCodec } from "../../engine/avro/codec.ts";
import { confluentRegistry } from "../../engine/registry/registry.ts";
import { kafkaAdmin } from "../../engine/log/kafka/admin/admin.ts";
import type { Config } from "../../ops/config.ts";
import { type PaymentCompleted, paymentsCompleted } from "../../schemas/payment.ts";

/** Every payment of the topic, in the order of each partition, as often as it is there. @throws Error where a record is none. */
export const readPayments = async ({
  brokers,
  registryUrl,
}: Pick<Config, "brokers" | "registryUrl">): Promise<readonly PaymentCompleted[]> => {
  const admin = await kafkaAdmin({ brokers, clientId: "read-payments" });
  const codec = createCodec({ source: confluentRegistry({ url: registryUrl }), now: () => performance.now() });
  const decoder = codec.decoder(paymentsCompleted);
  const payments: PaymentCompleted[] = [];
  try {
    await admin.readTopic(paymentsCompleted.name, async (partition, records) => {
      for (const { value } of records) {
        let decoded = decoder.decode(value);
        if (decoded.kind === "unknownSchema") {
          await decoder.learn(decoded.id);
          decoded = decoder.decode(value);
        }
        if (decoded.kind !== "value") throw new Error(`partition ${partition} has a record that is ${decoded.kind}`);
        payments.push(decoded.value);
      }
    });
  } finally {
    await admin.close();
  }
  return payments;
};
