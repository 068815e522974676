/**
 * Looks at the coupons requested since the last look: whether each request that the workers have finished has its verdict, was
 * published, and left stock and coupons in balance. What it finds is a suspicion: a request may wait as a dead letter, which a
 * full look knows.
 */
import type { Follower } from "../../engine/app/verify/verification.ts";
import { createCodec } from "../../engine/avro/codec.ts";
import type { Topic } from "../../engine/avro/topic.ts";
import { type KafkaAdmin, kafkaAdmin } from "../../engine/log/kafka/admin/admin.ts";
import { confluentRegistry } from "../../engine/registry/registry.ts";
import type { OwnedVerdict } from "../../processors/coupons/coupon-ports.ts";
import { couponIssueRequests, couponsIssued, couponsRefused, type ReservationId } from "../../schemas/coupon.ts";
import { couponAudit } from "../../stores/mysql/coupons/coupon-audit.ts";
import { verdictLookup } from "../../stores/mysql/coupons/verdict-lookup.ts";
import { openDatabase } from "../../stores/mysql/database.ts";
import { couponIssuing } from "../../topology/coupon-issuing.ts";
import type { Config } from "../config.ts";
import { type NewRequest, suspicions } from "./suspicions.ts";

/** Requests of one look, a partition; the others are looked at in the next one. */
const maxRequests = 50_000n;
/** Published verdicts that no request was seen for yet; more are forgotten, and looked for by a full look. */
const maxEarly = 500_000;
/** Coupons of one look whose rows are counted. */
const maxCoupons = 100;
/** Ids of one lookup. */
const findAtOnce = 10_000;

/** Opens it. What it reads may be away. */
export const followCoupons = (config: Config): Follower => {
  const database = openDatabase({ databaseUrl: config.databaseUrl, poolMax: 2, poolKeptIdle: 0 });
  const admin = kafkaAdmin({ brokers: config.brokers, clientId: "sluice-verify" });
  const codec = createCodec({ source: confluentRegistry({ url: config.registryUrl }), now: () => performance.now() });
  const group = `${config.groupPrefix}.${couponIssuing.graph.name}`;
  const published = new Map<ReservationId, OwnedVerdict["kind"]>();
  const positions = new Map<string, bigint>();
  const look = async (): Promise<number> => {
    if (positions.size === 0) return begin(await admin, positions);
    // Kept when the look has ended: one that was cut short is gone on with from where it began.
    const next = new Map(positions);
    const read = reader({ admin, codec, positions: next });
    // First: what is before these offsets was decided and published before anything else is read.
    const committed = await (await admin).committedOffsets(group, couponIssueRequests.name);
    const requests: NewRequest[] = [];
    await read(couponIssueRequests, committed, ({ reservationId, couponId }) =>
      requests.push({ reservationId, couponId }),
    );
    if (published.size > maxEarly) published.clear();
    await read(couponsIssued, undefined, ({ reservationId }) => published.set(reservationId, "issued"));
    await read(couponsRefused, undefined, ({ reservationId }) => published.set(reservationId, "refused"));
    const verdicts = new Map<ReservationId, OwnedVerdict>();
    const ids = requests.map(({ reservationId }) => reservationId);
    for (let at = 0; at < ids.length; at += findAtOnce)
      for (const [id, verdict] of await verdictLookup(database).find(ids.slice(at, at + findAtOnce)))
        verdicts.set(id, verdict);
    const couponIds = [...new Set(requests.map(({ couponId }) => couponId))].slice(0, maxCoupons);
    const taken = await couponAudit(database).taken(couponIds);
    const found = suspicions({ requests, verdicts, published, taken });
    for (const id of ids) published.delete(id);
    for (const [name, offset] of next) positions.set(name, offset);
    return found;
  };
  return {
    look,
    close: async () => {
      await (await admin).close();
      await database.close();
    },
  };
};

/** From now on: what is older is for full looks. */
const begin = async (admin: KafkaAdmin, positions: Map<string, bigint>): Promise<number> => {
  const ends = new Map<string, bigint>();
  // Requests last: the events of those that are looked at are all behind the positions of their topics.
  for (const { name } of [couponsIssued, couponsRefused, couponIssueRequests])
    for (const [partition, end] of (await admin.endOffsets(name)).entries()) ends.set(`${name}/${partition}`, end);
  for (const [name, end] of ends) positions.set(name, end);
  return 0;
};

interface Reader {
  readonly admin: Promise<KafkaAdmin>;
  readonly codec: ReturnType<typeof createCodec>;
  readonly positions: Map<string, bigint>;
}

/** Reads what is new of a topic, up to these offsets where they are given; what is no record of it is passed over. */
const reader =
  ({ admin: opened, codec, positions }: Reader) =>
  async <T>(
    topic: Topic<T>,
    upTo: readonly (bigint | undefined)[] | undefined,
    see: (value: T) => unknown,
  ): Promise<void> => {
    const admin = await opened;
    const ends = upTo ?? (await admin.endOffsets(topic.name));
    const decoder = codec.decoder(topic);
    const ranges = ends.flatMap((end, partition) => {
      const from = positions.get(`${topic.name}/${partition}`) ?? 0n;
      if (end === undefined || end <= from) return [];
      const bounded = upTo === undefined || end - from < maxRequests ? end : from + maxRequests;
      return [{ partition, from, end: bounded }];
    });
    if (ranges.length === 0) return;
    await admin.readRanges(topic.name, ranges, async (_, records) => {
      for (const { value } of records) {
        let decoded = decoder.decode(value);
        if (decoded.kind === "unknownSchema" && (await decoder.learn(decoded.id)) === "known")
          decoded = decoder.decode(value);
        if (decoded.kind === "value") see(decoded.value);
      }
    });
    for (const { partition, end } of ranges) positions.set(`${topic.name}/${partition}`, end);
  };
