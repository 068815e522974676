/** Following topics from their ends, by a real broker: what is told, what is not, and after the connections were cut. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { silentLogger } from "../../logger.ts";
import { followEnds } from "./follow-ends.ts";
import { faultySockets, openTestCluster, type TestCluster } from "./testing/int-test-cluster.ts";

let cluster: TestCluster;
before(async () => {
  cluster = await openTestCluster();
});
after(() => cluster.close());

/** The test's own limit ends it where that never comes. */
const until = async (claim: () => boolean): Promise<void> => {
  while (!claim()) await sleep(20);
};

const followed = async (partitions: readonly number[]) => {
  const topics = await Promise.all(partitions.map((count) => cluster.createTopic(count)));
  const told: string[] = [];
  const lost: string[] = [];
  const sockets = faultySockets();
  const log = cluster.log();
  const write = (at: number, partition: number, text: string) =>
    log.append({ topic: topics[at] ?? "", partition }, [{ key: null, value: Buffer.from(text) }]);
  const follow = () =>
    followEnds(
      {
        brokers: cluster.brokers,
        clientId: `follow-${randomUUID()}`,
        logger: silentLogger,
        socketFactory: sockets.factory,
      },
      {
        topics,
        records: (topic, records) => {
          for (const { value } of records) told.push(`${topics.indexOf(topic)} ${value}`);
        },
        lost: (error) => lost.push(error.code),
      },
    );
  return { write, follow, told, lost, sockets };
};

test("follow ends: tells what is written from then on, of every topic and partition, and nothing from before", {
  timeout: 60_000,
}, async (t) => {
  const { write, follow, told } = await followed([2, 1]);
  await write(0, 0, "before");
  const follower = follow();
  t.after(follower.close);
  await until(() => follower.isFollowing());
  await write(0, 1, "a");
  await write(1, 0, "b");
  await write(0, 0, "c");
  await until(() => told.length >= 3);
  assert.deepEqual(told.toSorted(), ["0 a", "0 c", "1 b"]);
});

test("follow ends: says so once and goes on from the end when the brokers were away", {
  timeout: 60_000,
}, async (t) => {
  const { write, follow, told, lost, sockets } = await followed([1]);
  const follower = follow();
  t.after(follower.close);
  await until(() => follower.isFollowing());
  sockets.setDown(true);
  sockets.cut();
  await until(() => !follower.isFollowing());
  await write(0, 0, "meanwhile");
  sockets.setDown(false);
  await until(() => follower.isFollowing());
  await write(0, 0, "after");
  await until(() => told.length > 0);
  assert.deepEqual([told, lost], [["0 after"], ["UNAVAILABLE"]]);
});

test("follow ends: closes at once, and twice, when nothing comes", { timeout: 60_000 }, async () => {
  const { follow } = await followed([1]);
  const follower = follow();
  await until(() => follower.isFollowing());
  await follower.close();
  await follower.close();
  assert.equal(follower.isFollowing(), false);
});
