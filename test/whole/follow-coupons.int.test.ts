/** Following coupons on the real stack: what is new is looked at once, and what looks wrong in it is counted. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { v7 } from "uuid";
import { createCodec } from "../../engine/avro/codec.ts";
import { kafkaLog } from "../../engine/log/kafka/kafka-log.ts";
import type { TopicPartition } from "../../engine/log/log.ts";
import { partitionOfKey } from "../../engine/log/producer/partitioner.ts";
import { ContractMember } from "../../engine/log/testing/log-contract-member.ts";
import { silentLogger } from "../../engine/logger.ts";
import { confluentRegistry } from "../../engine/registry/registry.ts";
import { type CouponId, couponIssueRequests, type ReservationId } from "../../schemas/coupon.ts";
import { couponRegister } from "../../stores/mysql/coupons/coupon-register.ts";
import { withSession } from "../../stores/mysql/session.ts";
import { openCoupon, request } from "../../topology/testing/memory-stage.ts";
import { stackUnderTest } from "../testing/stack-under-test.ts";
import { followCoupons } from "../../ops/verify/follow-coupons.ts";

const groupPrefix = `follow-${randomUUID()}`;
const stack = stackUnderTest({ env: { SLUICE_GROUP_PREFIX: groupPrefix } });
const couponId = `followed-${randomUUID()}` as CouponId;
const log = kafkaLog({ brokers: stack.config.brokers, clientId: "follow-test", logger: silentLogger });
const at: TopicPartition = {
  topic: couponIssueRequests.name,
  partition: partitionOfKey(Buffer.from(couponId), couponIssueRequests.partitions),
};
const follower = await followCoupons(stack.config);

before(async () => {
  await stack.prepared();
  await couponRegister(stack.database).open({ ...openCoupon(couponId, 5), couponId });
});
after(async () => {
  await follower.close();
  await log.close();
});

/** Accepts a request, and has the group commit past it without deciding it. */
const acceptUndecided = async (): Promise<void> => {
  const codec = createCodec({
    source: confluentRegistry({ url: stack.config.registryUrl }),
    now: () => performance.now(),
  });
  const reservationId = v7() as ReservationId;
  const encode = await codec.encoder(couponIssueRequests);
  const value = encode({ ...request(1, couponId), reservationId });
  const member = new ContractMember({});
  await member.subscribe(log, `${groupPrefix}.coupon-issuing`, [at.topic]);
  await log.append(at, [{ key: Buffer.from(couponId), value }]);
  await member.until(() => member.recordsOf(at).some((record) => record.value?.equals(value) === true));
  const offset = (member.recordsOf(at).at(-1)?.offset ?? 0n) + 1n;
  await member.subscription.commit([{ ...at, offset }]);
  await member.subscription.stop();
};

test("followCoupons: counts what looks wrong about new requests once, and nothing of what was there before", {
  timeout: 120_000,
}, async () => {
  assert.equal(await follower.look(), 0);
  // Whoever decides the request meanwhile leaves the coupon out of balance.
  await withSession(stack.database, ({ change }) =>
    change("UPDATE coupon SET remaining = 3 WHERE coupon_id = ?", [couponId]),
  );
  await acceptUndecided();
  assert.ok((await follower.look()) >= 1);
  assert.equal(await follower.look(), 0);
});
