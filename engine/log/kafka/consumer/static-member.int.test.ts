/** Static members of a real group: who keeps what when one restarts, and which of two under one id stays. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { after, before, test } from "node:test";
import { InstanceFenced } from "../../../errors.ts";
import { ContractMember } from "../../testing/log-contract-member.ts";
import { openTestCluster, type TestCluster } from "../testing/int-test-cluster.ts";

let cluster: TestCluster;
before(async () => {
  cluster = await openTestCluster();
});
after(() => cluster?.close());

const timeout = 60_000;

/** Joins as a process does: with a log of its own, which is closed with it. */
const join = async (topic: string, groupId: string, groupInstanceId?: string) => {
  const log = cluster.log({ groupInstanceId, heartbeatMs: 300, sessionTimeoutMs: 20_000 });
  const member = new ContractMember({});
  await member.subscribe(log, groupId, [topic]);
  return { member, log, has: () => partitionsOf(member) };
};
/** Claims about several members: none of them is told all of it. The test's own limit ends it if that never comes. */
const until = async (claim: () => boolean): Promise<void> => {
  while (!claim()) await sleep(20);
};
const partitionsOf = (member: ContractMember): readonly number[] =>
  (member.assigned ?? []).map(({ partition }) => partition).toSorted();

test("static member: has its partitions again, and takes none of another's, when it restarts", {
  timeout,
}, async () => {
  const topic = await cluster.createTopic(4);
  const groupId = randomUUID();
  const stays = await join(topic, groupId, "stays");
  const goes = await join(topic, groupId, "goes");
  await until(() => stays.has().length === 2 && goes.has().length === 2);
  const [kept, own] = [stays.has(), goes.has()];
  const rebalances = stays.member.count("revoking");
  await goes.log.close();
  const back = await join(topic, groupId, "goes");
  await until(() => back.has().length > 0);
  assert.deepEqual(back.has(), own);
  // A rebalance would reach the other within a heartbeat.
  await sleep(1_000);
  assert.deepEqual([stays.has(), stays.member.count("revoking")], [kept, rebalances]);
  await stays.member.subscription.commit(kept.map((partition) => ({ topic, partition, offset: 0n })));
  await back.member.subscription.commit(own.map((partition) => ({ topic, partition, offset: 0n })));
});

test("static member: ends with INSTANCE_FENCED, and can commit no more, when another joins under its id", {
  timeout,
}, async () => {
  const topic = await cluster.createTopic(2);
  const groupId = randomUUID();
  const older = await join(topic, groupId, "one");
  await until(() => older.has().length === 2);
  const newer = await join(topic, groupId, "one");
  await until(() => newer.has().length === 2 && older.member.count("failed") === 1);
  const failures = older.member.told.flatMap((one) => (one.kind === "failed" ? [one.error] : []));
  assert.ok(failures[0] instanceof InstanceFenced, String(failures[0]));
  await assert.rejects(older.member.subscription.commit([{ topic, partition: 0, offset: 0n }]), {
    code: "COMMIT_REFUSED",
  });
  await newer.member.subscription.commit([{ topic, partition: 0, offset: 0n }]);
  await older.log.close();
  assert.equal(newer.has().length, 2);
  assert.equal(newer.member.count("failed"), 0);
});
