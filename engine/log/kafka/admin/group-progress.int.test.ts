/** How far a group is, by a real broker: nothing committed, something, and after the connections were cut. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { faultySockets, openTestCluster, type TestCluster } from "../testing/int-test-cluster.ts";
import { groupProgress } from "./group-progress.ts";

let cluster: TestCluster;
before(async () => {
  cluster = await openTestCluster();
});
after(() => cluster.close());

/** A topic of two partitions, three records in the first, and a group that has committed nothing. */
const lookedAt = async () => {
  const [topic, groupId] = [await cluster.createTopic(2), `progress-${randomUUID()}`];
  await cluster.log().append(
    { topic, partition: 0 },
    [1, 2, 3].map((n) => ({ key: null, value: Buffer.from([n]) })),
  );
  const sockets = faultySockets();
  const settings = { brokers: cluster.brokers, clientId: groupId, socketFactory: sockets.factory };
  const commit = async (offset: bigint): Promise<void> => {
    const member = await cluster.idleMember(groupId, topic);
    await member.commit([{ topic, partition: 0, offset }]);
    await member.stop();
  };
  return { progress: groupProgress(settings, { groupId, topic }), sockets, commit };
};

test("group progress: is what the group has committed of each partition, and where that ends", {
  timeout: 60_000,
}, async (t) => {
  const { progress, commit } = await lookedAt();
  t.after(progress.close);
  const none = { committed: undefined, end: 0n };
  assert.deepEqual(await progress.look(), [{ committed: undefined, end: 3n }, none]);
  await commit(2n);
  assert.deepEqual(await progress.look(), [{ committed: 2n, end: 3n }, none]);
});

test("group progress: is unavailable when no broker can be reached, and seen again when one can", {
  timeout: 60_000,
}, async (t) => {
  const { progress, sockets } = await lookedAt();
  t.after(progress.close);
  assert.equal((await progress.look()).length, 2);
  sockets.setDown(true);
  sockets.cut();
  await assert.rejects(progress.look(), { code: "UNAVAILABLE" });
  sockets.setDown(false);
  assert.equal((await progress.look()).length, 2);
});
