/** What the topic of requests has: records by the version of their schema, and by what the new field says. */
import { createCodec } from "../../../engine/avro/codec.ts";
import { readable } from "../../../engine/deploy/run/letters.ts";
import { kafkaAdmin } from "../../../engine/log/kafka/admin/admin.ts";
import { confluentAdmin } from "../../../engine/registry/admin.ts";
import { confluentRegistry } from "../../../engine/registry/registry.ts";
import type { Config } from "../../../ops/config.ts";

/** Records of coupons whose id begins with `prefix`: `v2, channel=web` and how many. */
export const recordsByVersion = async (
  { brokers, registryUrl: url }: Config,
  prefix: string,
): Promise<ReadonlyMap<string, number>> => {
  const [topic, subject] = ["coupon-issue", "coupon-issue-value"];
  const registry = confluentAdmin({ url });
  const versions = new Map<number, number>();
  let last: Awaited<ReturnType<typeof registry.version>>;
  for (const version of await registry.versions(subject)) {
    last = await registry.version(subject, version);
    if (last !== undefined) versions.set(last.id, version);
  }
  if (last?.avro === undefined) throw new RangeError(`${subject} has no version`);
  const codec = createCodec({ source: confluentRegistry({ url }), now: () => performance.now() });
  const decoder = codec.decoder(readable(topic, last.avro));
  const counts = new Map<string, number>();
  const admin = await kafkaAdmin({ brokers, clientId: "sluice-proof" });
  try {
    await admin.readTopic(topic, async (_, records) => {
      for (const { value } of records) {
        // The wire format: a zero, four bytes of the schema's id, the value.
        const id = value?.readUInt32BE(1) ?? -1;
        let decoded = decoder.decode(value);
        if (decoded.kind === "unknownSchema" && (await decoder.learn(decoded.id)) === "known")
          decoded = decoder.decode(value);
        if (decoded.kind !== "value") throw new RangeError(`a record of schema ${id} is ${decoded.kind}`);
        const { couponId, channel, campaign } = decoded.value as Readonly<Record<string, unknown>>;
        if (!String(couponId).startsWith(prefix)) continue;
        const fields = Object.entries({ channel, campaign }).filter(
          ([, field]) => field !== null && field !== undefined,
        );
        const kind = [`v${versions.get(id)}`, ...fields.map(([name, field]) => `${name}=${field}`)].join(", ");
        counts.set(kind, (counts.get(kind) ?? 0) + 1);
      }
    });
  } finally {
    await admin.close();
  }
  return counts;
};
