/** Verdicts as workers write them, told to an API by the real broker and registry. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { createCodec } from "../../engine/avro/codec.ts";
import { kafkaLog } from "../../engine/log/kafka/kafka-log.ts";
import { silentLogger } from "../../engine/logger.ts";
import { confluentRegistry } from "../../engine/registry/registry.ts";
import { openDecidedEvents } from "../../ops/processes/decided-events.ts";
import { aReservationId, aUserId } from "../../processors/testing/samples.ts";
import {
  type CouponId,
  couponsIssued,
  couponsRefused,
  type PolicyId,
  type ReservationId,
} from "../../schemas/coupon.ts";
import { stackUnderTest, until } from "../testing/stack-under-test.ts";

const { config, prepared } = stackUnderTest();
const codec = createCodec({ source: confluentRegistry({ url: config.registryUrl }), now: () => performance.now() });
const log = kafkaLog({ brokers: config.brokers, clientId: "decided-events-test", logger: silentLogger });
after(() => log.close());

test("decided events: tell what is issued and refused while somebody waits, and pass over what cannot be read", {
  timeout: 60_000,
}, async (t) => {
  await prepared();
  const told = new Set<ReservationId>();
  let [isWanted, asked] = [false, 0];
  const events = openDecidedEvents({ config, logger: silentLogger }, codec);
  t.after(events.close);
  events.start({
    isWanted: () => {
      asked += 1;
      return isWanted;
    },
    decided: (ids) => {
      for (const id of ids) told.add(id);
    },
  });
  await until("it is told", events.isTold);

  const [unwanted, issued, refused] = [aReservationId(), aReservationId(), aReservationId()];
  const of = { couponId: "decided-events" as CouponId, userId: aUserId() };
  const [encodeIssued, encodeRefused] = [await codec.encoder(couponsIssued), await codec.encoder(couponsRefused)];
  const issue = (reservationId: ReservationId) =>
    encodeIssued({ ...of, reservationId, policyId: "any" as PolicyId, issuedAt: 1, expiresAt: 2 });
  const write = (topic: string, values: readonly Buffer[]) =>
    log.append(
      { topic, partition: 0 },
      values.map((value) => ({ key: Buffer.from(of.couponId), value })),
    );

  await write(couponsIssued.name, [issue(unwanted)]);
  await until("it was read", () => asked > 0);
  isWanted = true;
  await write(couponsIssued.name, [Buffer.from("no record"), issue(issued)]);
  await write(couponsRefused.name, [
    encodeRefused({ ...of, reservationId: refused, reason: "SOLD_OUT", refusedAt: 1 }),
  ]);
  // A schema that was not known yet is asked for, and its next record told.
  await until("both are told", async () => {
    if (told.has(issued) && told.has(refused)) return true;
    await write(couponsIssued.name, [issue(issued)]);
    await write(couponsRefused.name, [
      encodeRefused({ ...of, reservationId: refused, reason: "SOLD_OUT", refusedAt: 1 }),
    ]);
    return false;
  });
  assert.equal(told.size, 2);
});
