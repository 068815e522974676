/** What is read of topics that are missing, empty, trimmed, or somebody else's. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Unavailable } from "../../errors.ts";
import { systemClock } from "../../clock.ts";
import { MemoryBroker } from "../../log/memory/memory-log.ts";
import { memoryDlqCluster } from "../testing/memory-dlq.ts";
import { dlqWorld, worldOf } from "../testing/memory-world.ts";
import { readLetters, readStandings } from "./read-standings.ts";

test("readStandings: has nothing when the topics do not exist", async () => {
  const cluster = memoryDlqCluster(new MemoryBroker({ clock: systemClock }));
  const read = await readStandings({ cluster, replays: undefined }, worldOf);
  assert.deepEqual([read.standings, read.letterEnds, read.retryEnds, read.knowsJobs], [[], [], [], false]);
});

test("readStandings: has nothing when the topics are empty", async () => {
  const world = await dlqWorld();
  const read = await readStandings(world, worldOf);
  assert.deepEqual([read.standings, read.letterEnds, read.trimmed, read.knowsJobs], [[], [0n, 0n, 0n], 0n, true]);
});

test("readStandings: says how many letters are gone when the topic's start has moved", async () => {
  const world = await dlqWorld();
  await world.addLetters(9);
  world.broker.deleteBefore({ topic: "shop.dlq", partition: 1 }, 2n);
  const { standings, trimmed } = await readStandings(world, worldOf);
  assert.deepEqual([standings.length, trimmed], [7, 2n]);
});

test("readStandings: counts records of the retry topic that are not ours", async () => {
  const world = await dlqWorld();
  await world.append({ topic: "shop.retry", partition: 0 }, [{ key: null, value: null }]);
  assert.equal((await readStandings(world, worldOf)).strangers, 1);
});

test("readStandings: knows nothing of discards and jobs without their store, and letters are open", async () => {
  const world = await dlqWorld();
  const letters = await world.addLetters(2);
  await world.replays.locked("shop", 0, (lock) =>
    lock.discard(
      letters.map(({ origin }) => origin),
      1,
    ),
  );
  assert.deepEqual(await world.states(), { discarded: 2 });
  const { standings } = await readStandings({ cluster: world.cluster, replays: undefined }, worldOf);
  assert.deepEqual(
    standings.map(({ state }) => state),
    ["open", "open"],
  );
});

test("readStandings: throws when the log or the store is away", async () => {
  const world = await dlqWorld();
  world.replays.failure = new Unavailable("database", "refused");
  await assert.rejects(readStandings(world, worldOf), Unavailable);
  world.replays.failure = undefined;
  world.cluster.isAway = true;
  await assert.rejects(readStandings(world, worldOf), Unavailable);
});

test("readLetters: shows each letter's bytes to whoever looks, and keeps none", async () => {
  const world = await dlqWorld();
  await world.addLetters(3, { value: Buffer.alloc(2 * 1_024) });
  const seen: number[] = [];
  const { letters } = await readLetters(
    world.cluster,
    "shop.dlq",
    (_, { value }) => void seen.push(value?.length ?? 0),
  );
  assert.deepEqual(seen, [2_048, 2_048, 2_048]);
  assert.ok(letters.every((letter) => !Object.values(letter).some(Buffer.isBuffer)));
});
