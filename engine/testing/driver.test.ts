/** The in-process driver: rounds, traces, what is read, redelivery, errors. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Fatal, Poison } from "../errors.ts";
import { defineProcessor, type Item, type RecordContext } from "../flow/processor.ts";
import { int, optional, record, string } from "../avro/avro.ts";
import { EncodeFailed } from "../avro/codec.ts";
import { topic } from "../avro/topic.ts";
import { createDriver, NotInTopology } from "./driver.ts";
import { defineTopology, from } from "../flow/dsl.ts";

type Asked = { readonly id: string; readonly what: string; readonly note: string | null };
const Asked = record("test.v1.Asked", { id: string(), what: string(), note: optional(string()) });
const byId = { key: ({ id }: { readonly id: string }) => id[0] ?? "", id: ({ id }: { readonly id: string }) => id };
const asked = topic("asked", Asked, byId);
const answered = topic("answered", record("test.v1.Answered", { id: string(), size: int() }), byId);
const elsewhere = topic("elsewhere", Asked, byId);

type Seen = { readonly kind: "seen" } & Asked;
type Ignored = { readonly kind: "ignored"; readonly id: string };
interface Log {
  readonly log: string[];
}
const look = defineProcessor({
  name: "look",
  compensatable: [],
  runMany: async (items: readonly Item<Asked>[], { log }: Log): Promise<readonly (Seen | Ignored)[]> => {
    log.push(items.map(({ context }) => `${context.offset} at ${context.timestampMs}`).join(", "));
    for (const { value, context } of items) {
      if (value.what === "poison") throw new Poison("BAD", "bad", { idempotencyKey: context.idempotencyKey });
      if (value.what === "fatal") throw new Fatal("STOP", "stop");
      if (value.what === "error") throw new Error("fell over");
    }
    return items.map(({ value }) =>
      value.what === "ignore" ? { kind: "ignored", id: value.id } : { kind: "seen", ...value },
    );
  },
});
const toAnswered = ({ id, what }: Seen) => ({ id, size: what === "huge" ? 2 ** 40 : what.length });
const looking = defineTopology(
  "looking",
  from(asked, (stream) =>
    stream.step(look).branch({ seen: (s) => s.to(answered, toAnswered), ignored: (s) => s.drop("not asked") }),
  ),
);
const ask = (id: string, what = "hello"): Asked => ({ id, what, note: null });
const start = (now?: () => number) => {
  const log: string[] = [];
  return { log, driver: createDriver(looking, { log }, now === undefined ? {} : { now }) };
};

test("driver: takes one value or many through as one round, and answers for each in order", async () => {
  const { driver, log } = start();
  assert.equal((await driver.send(asked, ask("a"))).length, 1);
  const ended = await driver.send(asked, [ask("b", "ignore"), ask("c")]);
  assert.deepEqual(ended, [
    { kind: "ended", by: "drop", offset: 1n, trace: ["look ignored", "drop: not asked"] },
    { kind: "ended", by: "to", offset: 2n, trace: ["look seen", "write answered"] },
  ]);
  assert.equal(log.length, 2);
  assert.deepEqual(await driver.send(asked, []), []);
});

test("driver: gives a processor the key, the headers and the acceptance time that a record is sent with", async () => {
  const seen: RecordContext[] = [];
  const watch = defineProcessor({
    name: "watch",
    compensatable: [],
    run: async ({ id }: Asked, _: object, context): Promise<{ readonly kind: "watched"; readonly id: string }> => {
      seen.push(context);
      return { kind: "watched", id };
    },
  });
  const watching = defineTopology(
    "watching",
    from(asked, (stream) => stream.step(watch).drop("seen")),
  );
  const headers = { traceparent: Buffer.from("00-1") };
  await createDriver(watching, {}).send(asked, ask("a"), { timestampMs: 9, acceptedAtMs: 4, headers });
  await createDriver(watching, {}).send(asked, ask("b"), { timestampMs: 9, key: "lane" });
  const [first, second] = seen;
  assert.deepEqual(
    [first?.acceptedAtMs, first?.timestampMs, first?.headers, first?.key],
    [4, 9, headers, Buffer.from("a")],
  );
  assert.deepEqual([second?.acceptedAtMs, second?.headers, second?.key], [9, {}, Buffer.from("lane")]);
});

test("driver: reads what was written to a topic, in order, as its schema gives it back", async () => {
  const { driver } = start();
  assert.deepEqual(driver.read(answered), []);
  await driver.send(asked, [ask("a", "hi"), ask("b")]);
  const read = driver.read(answered);
  assert.deepEqual(read, [
    { id: "a", size: 2 },
    { id: "b", size: 5 },
  ]);
  await driver.send(asked, ask("c"));
  assert.equal(read.length, 2);
});

test("driver: reads the key of what was written, and the trace of what caused it, when records are asked for", async () => {
  const { driver } = start();
  const [traceparent, other] = [Buffer.from("00-1"), Buffer.from("x")];
  await driver.send(asked, ask("abc", "hi"), { headers: { traceparent, other } });
  await driver.send(asked, ask("d", "hi"), { headers: { other } });
  assert.deepEqual(driver.readRecords(answered), [
    { value: { id: "abc", size: 2 }, key: "a", headers: { traceparent } },
    { value: { id: "d", size: 2 }, key: "d", headers: {} },
  ]);
});

test("driver: gives records the clock's time, the time it is told, and on redelivery the time they had", async () => {
  let now = 10;
  const { driver, log } = start(() => now);
  await driver.send(asked, [ask("a"), ask("b")]);
  now = 20;
  await driver.send(asked, ask("c"), { timestampMs: 5 });
  await driver.send(asked, [ask("b"), ask("c"), ask("d")], { offset: 1n });
  await driver.send(asked, ask("a"), { offset: 0n });
  await driver.send(asked, ask("e"));
  assert.deepEqual(log, ["0 at 10, 1 at 10", "2 at 5", "1 at 10, 2 at 5, 3 at 20", "0 at 10", "4 at 20"]);
});

test("driver: stands still at one moment when it is given no clock", async () => {
  const { driver, log } = start();
  await driver.send(asked, ask("a"));
  assert.deepEqual(log, [`0 at ${Date.UTC(2025, 0, 1)}`]);
});

test("driver: orders records by the topic's key, or by the key it is told", async () => {
  const lanes: string[] = [];
  const single = defineProcessor({
    name: "single",
    compensatable: [],
    run: async ({ id }: Asked, { log }: Log): Promise<{ readonly kind: "done" }> => {
      log.push(`${id} in`);
      await Promise.resolve();
      log.push(`${id} out`);
      return { kind: "done" };
    },
  });
  const topology = defineTopology(
    "lanes",
    from(asked, (stream) => stream.step(single).drop("done")),
  );
  const driver = createDriver(topology, { log: lanes });
  await driver.send(asked, [ask("a1"), ask("a2"), ask("b1")]);
  assert.deepEqual(lanes.splice(0, 3), ["a1 in", "b1 in", "a1 out"]);
  assert(lanes.indexOf("a2 in") < lanes.indexOf("a2 out"));
  lanes.length = 0;
  await driver.send(asked, [ask("a1"), ask("b1")], { key: "one lane" });
  assert.deepEqual(lanes, ["a1 in", "a1 out", "b1 in", "b1 out"]);
});

test("driver: ends the paths of a call that throws as failed, without another attempt", async () => {
  const { driver, log } = start();
  const ended = await driver.send(asked, [ask("a"), ask("b", "error")]);
  assert.deepEqual(
    ended.map(({ kind, trace }) => [kind, trace]),
    [
      ["failed", ["look failed"]],
      ["failed", ["look failed"]],
    ],
  );
  assert.equal(log.length, 1);
});

test("driver: ends only the path of the record that poison names", async () => {
  const { driver, log } = start();
  await driver.send(asked, ask("alone", "poison"));
  assert.equal(log.length, 1);
  const ended = await driver.send(asked, [ask("a"), ask("b", "poison"), ask("c"), ask("d", "poison")]);
  assert.deepEqual(
    ended.map(({ trace }) => trace.at(-1)),
    ["write answered", "look failed", "write answered", "look failed"],
  );
});

test("driver: rejects with a fatal error, as a worker would stop", async () => {
  await assert.rejects(start().driver.send(asked, ask("a", "fatal")), { code: "STOP" });
});

test("driver: refuses a value that is not of the source's schema, before any step sees it", async () => {
  const { driver, log } = start();
  // As a test written in haste would.
  const wrong = { id: "a", what: 7, note: null } as unknown as Asked;
  await assert.rejects(driver.send(asked, wrong), EncodeFailed);
  assert.deepEqual(log, []);
});

test("driver: ends a path as failed when what it writes is not of the sink's schema", async () => {
  const { driver } = start();
  const [ended] = await driver.send(asked, ask("a", "huge"));
  assert(ended?.kind === "failed" && ended.error instanceof EncodeFailed);
  assert.deepEqual([ended.call, ended.trace.at(-1)], ["write answered", "write answered failed"]);
  assert.deepEqual(driver.read(answered), []);
});

test("driver: names the topics there are when asked for another one", async () => {
  const { driver } = start();
  await assert.rejects(driver.send(elsewhere, ask("a")), new NotInTopology("elsewhere", ["asked"]));
  assert.throws(() => driver.read(elsewhere), new NotInTopology("elsewhere", ["answered"]));
});

test("driver: takes what is behind a record of its lane through again, and tells of that alone, when a one-by-one step fails", async () => {
  const calls: string[] = [];
  const single = defineProcessor({
    name: "single",
    compensatable: [],
    run: async ({ id, what }: Asked): Promise<{ readonly kind: "done"; readonly id: string }> => {
      calls.push(id);
      if (what === "error") throw new Error("fell over");
      return { kind: "done", id };
    },
  });
  const toOne = ({ id }: { readonly id: string }) => ({ id, size: 1 });
  const oneByOne = defineTopology(
    "one-by-one",
    from(asked, (stream) => stream.step(single).to(answered, toOne)),
  );
  const driver = createDriver(oneByOne, {});
  const ended = await driver.send(asked, [ask("a1", "error"), ask("a2", "error"), ask("b1"), ask("a3")]);
  assert.deepEqual(calls, ["a1", "b1", "a2", "a3"]);
  assert.deepEqual(
    ended.map(({ trace }) => trace),
    [["single failed"], ["single failed"], ["single done", "write answered"], ["single done", "write answered"]],
  );
});
