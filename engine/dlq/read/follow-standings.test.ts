/** Following letters says what reading all of them says, and reads each record once. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Unavailable } from "../../errors.ts";
import { dlqWorld, worldOf } from "../testing/memory-world.ts";
import { followStandings } from "./follow-standings.ts";

const none = { open: 0, pending: 0, resolved: 0, "failed-again": 0, discarded: 0 };

test("followStandings: counts letters as they come and are discarded, and reads each record once", async () => {
  const world = await dlqWorld();
  const { readRanges } = world.cluster;
  let read = 0;
  const cluster = {
    ...world.cluster,
    readRanges: (...[topic, ranges, onRecords]: Parameters<typeof readRanges>) =>
      readRanges(topic, ranges, (partition, records) => {
        read += records.length;
        return onRecords(partition, records);
      }),
  };
  const look = followStandings({ cluster, replays: world.replays }, worldOf);
  assert.deepEqual(await look(), none);
  const letters = await world.addLetters(4);
  assert.deepEqual(await look(), { ...none, open: 4 });
  await world.addLetters(2);
  await world.replays.locked("shop", 0, (lock) =>
    lock.discard(
      letters.map(({ origin }) => origin),
      1,
    ),
  );
  const last = await look();
  assert.equal(last.discarded, 4);
  assert.equal(read, 6);
});

test("followStandings: goes on where it was when something was away", async () => {
  const world = await dlqWorld();
  const look = followStandings(world, worldOf);
  await world.addLetters(3);
  assert.equal((await look()).open, 3);
  world.cluster.isAway = true;
  await assert.rejects(look(), Unavailable);
  world.cluster.isAway = false;
  assert.equal((await look()).open, 3);
});

test("followStandings: begins anew when the topic was made anew", async () => {
  const world = await dlqWorld();
  const look = followStandings(world, worldOf);
  await world.addLetters(9);
  assert.equal((await look()).open, 9);
  world.broker.createTopic("shop.dlq", 3);
  assert.deepEqual(await look(), none);
});
