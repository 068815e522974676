/** A replay from its beginning to its end: sent once, in order, at its rate, and stopped where it has to be. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { deadLetterPrefix } from "../../worker/round/letter-headers.ts";
import { Poison } from "../../errors.ts";
import { shortenDeadLetter } from "../../worker/round/dead-letter.ts";
import { readLetters } from "../read/read-standings.ts";
import { dlqWorld } from "../testing/memory-world.ts";

const job = (headers: Readonly<Record<string, unknown>>): string => String(headers[`${deadLetterPrefix}job`]);

test("runReplay: sends each letter once, in the order of origins, to its own partition when all goes well", async () => {
  const world = await dlqWorld();
  const letters = await world.addLetters(250);
  const running = await world.begin(letters.toReversed());
  const { end, progress } = await world.run(running);
  assert.deepEqual(
    [end, progress.sent, progress.resolved, progress.pending, progress.copies],
    ["done", 250, 250, 0, 0],
  );
  assert.deepEqual(await world.states(), { resolved: 250 });
  for (const partition of [0, 1, 2]) {
    const records = world.broker.records({ topic: "shop.retry", partition });
    const origins = records.map(({ headers }) => Number(String(headers[`${deadLetterPrefix}offset`])));
    assert.deepEqual(
      origins,
      origins.toSorted((a, b) => a - b),
    );
    assert.ok(records.every(({ headers }) => String(headers[`${deadLetterPrefix}partition`]) === String(partition)));
    assert.ok(records.every(({ headers }) => job(headers) === running.id));
  }
  assert.equal((await world.replays.job(running.id))?.state, "finished");
});

test("runReplay: sends no faster than its rate", async () => {
  const world = await dlqWorld();
  const running = await world.begin(await world.addLetters(60), { rate: 10 });
  const before = world.clock.now();
  await world.run(running);
  assert.ok(world.clock.now() - before >= 5_000, `${world.clock.now() - before} ms`);
});

test("runReplay: keeps bytes and headers, and of ours only where the record came from, when a letter is replayed", async () => {
  const world = await dlqWorld();
  const value = Buffer.from([0, 1, 255]);
  const letters = await world.addLetters(1, { value, headers: { trace: Buffer.from("t"), empty: Buffer.alloc(0) } });
  await world.run(await world.begin(letters));
  const [record] = world.sent();
  assert.deepEqual([record?.key, record?.value], [Buffer.from("k0"), value]);
  const names = Object.keys(record?.headers ?? {}).map((name) => name.replace(deadLetterPrefix, ""));
  assert.deepEqual(names.toSorted(), [
    ...["attempt", "empty", "first-at", "job", "offset", "partition", "timestamp", "topic", "trace"],
  ]);
});

test("runReplay: waits for the canary, and sends nothing else when it fails", async () => {
  const world = await dlqWorld();
  world.worker.fails = () => true;
  const running = await world.begin(await world.addLetters(200), { canary: 20, abortAtPercent: 20 });
  const { end, progress } = await world.run(running);
  assert.deepEqual([end, progress.sent, progress.failedAgain], ["stopped", 20, 20]);
  assert.deepEqual(await world.states(), { "failed-again": 20, open: 200 });
  assert.equal((await world.replays.job(running.id))?.state, "stopped");
});

test("runReplay: judges a canary that is smaller than what tells of a share", async () => {
  const world = await dlqWorld();
  world.worker.fails = () => true;
  const running = await world.begin(await world.addLetters(200), { canary: 5, abortAtPercent: 20 });
  const { end, progress } = await world.run(running);
  assert.deepEqual([end, progress.sent, progress.failedAgain], ["stopped", 5, 5]);
});

test("runReplay: goes on with a stopped job when its cause was mended", async () => {
  const world = await dlqWorld();
  world.worker.fails = () => true;
  const running = await world.begin(await world.addLetters(200), { canary: 20, abortAtPercent: 20 });
  await world.run(running);
  world.worker.fails = () => false;
  const { end, progress } = await world.run(running);
  assert.deepEqual([end, progress.sent, progress.resolved, progress.failedAgain], ["done", 200, 180, 20]);
});

test("runReplay: waits for a canary of its own when a stopped job is resumed, and stops again when that fails", async () => {
  const world = await dlqWorld();
  world.worker.fails = () => true;
  const running = await world.begin(await world.addLetters(200), { canary: 20, abortAtPercent: 20 });
  await world.run(running);
  const { end, progress } = await world.run(running);
  assert.deepEqual([end, progress.sent, progress.failedAgain], ["stopped", 40, 40]);
});

test("runReplay: stops when too many of the latest fail again", async () => {
  const world = await dlqWorld();
  const running = await world.begin(await world.addLetters(1_000), { abortAtPercent: 20 });
  world.worker.fails = ({ offset }) => offset >= 60n;
  const { end, progress } = await world.run(running);
  assert.equal(end, "stopped");
  assert.ok(progress.sent < 1_000 && progress.failedAgain > 0);
});

test("runReplay: goes on when fewer fail again, and counts them", async () => {
  const world = await dlqWorld();
  const running = await world.begin(await world.addLetters(100), { canary: 20, abortAtPercent: 20 });
  world.worker.fails = ({ offset }) => offset === 30n;
  const { end, progress } = await world.run(running);
  assert.deepEqual([end, progress.sent, progress.resolved, progress.failedAgain], ["done", 100, 97, 3]);
  assert.deepEqual(await world.states(), { resolved: 97, "failed-again": 3, open: 3 });
});

test("runReplay: waits while the source has a backlog of its own", async () => {
  const world = await dlqWorld();
  const running = await world.begin(await world.addLetters(10), { maxLag: 5 });
  const waits: string[] = [];
  let lag = 100n;
  const { endOffsets } = world.cluster;
  world.cluster.committedOffsets = async (_, topic) =>
    (await endOffsets(topic)).map((end) => (topic === "in" ? end - lag : end));
  const onProgress = ({ waitingFor }: { readonly waitingFor?: string }): void => {
    if (waitingFor === undefined) return;
    waits.push(waitingFor);
    assert.equal(world.sent().length, 0);
    lag = 0n;
  };
  const { end } = await world.run(running, { onProgress });
  assert.deepEqual([end, waits[0]], ["done", "the source, which has a lag of 300"]);
});

test("runReplay: waits while the group has committed nothing of its source", async () => {
  const world = await dlqWorld();
  const running = await world.begin(await world.addLetters(10), { maxLag: 5 });
  const { endOffsets, committedOffsets } = world.cluster;
  const ends = await endOffsets("in");
  let isBehind = true;
  world.cluster.committedOffsets = async (group, topic) => {
    if (topic !== "in") return committedOffsets(group, topic);
    return isBehind ? [] : ends;
  };
  const waits: string[] = [];
  const onProgress = ({ waitingFor }: { readonly waitingFor?: string }): void => {
    if (waitingFor === undefined) return;
    waits.push(waitingFor);
    isBehind = false;
  };
  const { end } = await world.run(running, { onProgress });
  assert.deepEqual(
    [end, waits[0]],
    ["done", `the source, which has a lag of ${ends.reduce((sum, end) => sum + end, 0n)}`],
  );
});

test("runReplay: sends what fits when one letter is too large for the topic", async () => {
  const world = await dlqWorld();
  const letters = await world.addLetters(30);
  const running = await world.begin(letters);
  const { end, progress } = await world.run(
    running,
    {},
    {
      append: async (to, records) => {
        if (records.some(({ key }) => String(key) === "k9")) throw new Poison("RECORD_TOO_LARGE", "it is");
        await world.append(to, records);
      },
    },
  );
  assert.deepEqual([end, progress.sent, progress.notSent["too-large"]], ["done", 29, 1]);
  assert.deepEqual(await world.states(), { resolved: 29, open: 1 });
});

test("runReplay: reads a letter without its own bytes from its origin, and counts it when that is gone", async () => {
  const world = await dlqWorld();
  await world.addLetters(3);
  for (const partition of [0, 1, 2]) {
    const [letter] = world.broker.records({ topic: "shop.dlq", partition });
    const short = letter && shortenDeadLetter(shortenDeadLetter(letter) ?? letter);
    await world.append({ topic: "shop.dlq", partition }, short === undefined ? [] : [short]);
    world.broker.deleteBefore({ topic: "shop.dlq", partition }, 1n);
  }
  world.broker.deleteBefore({ topic: "in", partition: 2 }, 1n);
  const { letters } = await readLetters(world.cluster, "shop.dlq");
  const { progress } = await world.run(await world.begin(letters));
  assert.deepEqual([progress.sent, progress.notSent.gone], [2, 1]);
  assert.deepEqual(
    world
      .sent()
      .map(({ key, value }) => `${key} ${value}`)
      .toSorted(),
    ["k0 v", "k1 v"],
  );
});

test("runReplay: counts letters as gone when somebody deleted them after they were planned", async () => {
  const world = await dlqWorld();
  const running = await world.begin(await world.addLetters(9));
  world.broker.deleteBefore({ topic: "shop.dlq", partition: 1 }, 99n);
  const { end, progress } = await world.run(running);
  assert.deepEqual([end, progress.sent, progress.notSent.gone], ["done", 6, 3]);
});

test("runReplay: does not send what may not be sent any more", async () => {
  const world = await dlqWorld();
  const letters = await world.addLetters(6);
  const { progress } = await world.run(await world.begin(letters), { isBarred: (letter) => letter === letters[0] });
  assert.deepEqual([progress.sent, await world.states()], [5, { resolved: 5, open: 1 }]);
});

test("runReplay: counts new letters of its kind apart when they come meanwhile", async () => {
  const world = await dlqWorld();
  const running = await world.begin(await world.addLetters(6));
  await world.addLetters(2);
  const { progress } = await world.run(running);
  assert.deepEqual([progress.sent, progress.newMeanwhile], [6, 2]);
});

test("runReplay: does not wait when it was told not to", async () => {
  const world = await dlqWorld();
  world.worker.speed = 0;
  const running = await world.begin(await world.addLetters(6), { wait: false });
  const { end, progress } = await world.run(running);
  assert.deepEqual([end, progress.sent, progress.pending], ["sent", 6, 6]);
  assert.equal((await world.replays.job(running.id))?.state, "interrupted");
});

test("runReplay: gives up waiting when nothing is decided for too long", async () => {
  const world = await dlqWorld();
  world.worker.speed = 0;
  const running = await world.begin(await world.addLetters(6));
  const { end, progress } = await world.run(running, { patienceMs: 5_000 });
  assert.deepEqual([end, progress.pending], ["stalled", 6]);
});

test("runReplay: ends after the batch when it is interrupted, paused or cancelled", async () => {
  for (const [end, state] of [
    ["interrupted", "interrupted"],
    ["paused", "paused"],
    ["cancelled", "cancelled"],
  ] as const) {
    const world = await dlqWorld();
    const running = await world.begin(await world.addLetters(300), { rate: 10 });
    const controller = new AbortController();
    const onProgress = async ({ sent }: { readonly sent: number }) => {
      if (sent < 20) return;
      if (end === "interrupted") controller.abort();
      else await world.replays.ask(running.id, end, { actor: "a", host: "h", verb: end, reason: null, document: {} });
    };
    const outcome = await world.run(running, { signal: controller.signal, onProgress });
    assert.equal(outcome.end, end);
    assert.ok(outcome.progress.sent >= 20 && outcome.progress.sent < 100);
    assert.equal((await world.replays.job(running.id))?.state, state);
  }
});
