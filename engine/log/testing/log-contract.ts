/** What every log promises: the suite that the log in memory and the one on Kafka both pass. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, test } from "node:test";
import {
  CommitRefused,
  type Headers,
  type LogRecord,
  type NewRecord,
  partitionName,
  type TopicPartition,
} from "../log.ts";
import { ContractMember, isSame } from "./log-contract-member.ts";
import {
  assertShared,
  isShared,
  type LogUnderContract,
  only,
  pair,
  type Promises,
  untilAll,
  World,
} from "./log-contract-world.ts";

/** Until a test is given up; the promises are about order, not time. */
const timeout = 60_000;

/** Declares the suite. */
export const describeLogContract = (name: string, open: () => Promise<LogUnderContract>): void => {
  describe(`log contract: ${name}`, { timeout: timeout * 10 }, () => {
    const opened = Promise.withResolvers<LogUnderContract>();
    before(() => {
      opened.resolve(open());
      return opened.promise;
    });
    // A log that did not open fails the tests; waiting for it here would keep them from ending.
    after(async () => (await opened.promise.catch(() => undefined))?.close());
    for (const [title, run] of Object.entries({ ...reading, ...committing, ...rebalancing, ...writing })) {
      test(`${name}: ${title}`, { timeout }, async () => {
        const world = new World(await opened.promise);
        try {
          await run(world);
        } finally {
          await world.end();
        }
      });
    }
  });
};

const recordOf = (text: string): NewRecord => ({ key: Buffer.from("k"), value: Buffer.from(text) });
const numbered = (from: number, to: number): readonly NewRecord[] =>
  Array.from({ length: to - from }, (_, at) => recordOf(String(from + at)));
const textsOf = (records: readonly LogRecord[]): readonly string[] => records.map(({ value }) => String(value));
const texts = (from: number, to: number): readonly string[] =>
  Array.from({ length: to - from }, (_, at) => String(from + at));
const reading: Promises = {
  "delivers each partition's records in the order of their appends": async (world) => {
    const [a, b] = pair(await world.topic(2));
    for (const [from, to] of [
      [0, 5],
      [5, 6],
      [6, 40],
    ] as const) {
      await world.writer.append(a, numbered(from, to));
      await world.writer.append(b, numbered(1_000 + from, 1_000 + to));
    }
    const member = await world.member(a.topic);
    await member.until(() => member.recordsOf(a).length === 40 && member.recordsOf(b).length === 40);
    assert.deepEqual(textsOf(member.recordsOf(a)), texts(0, 40));
    assert.deepEqual(textsOf(member.recordsOf(b)), texts(1_000, 1_040));
    assert.deepEqual(
      member.recordsOf(a).map(({ offset }) => offset),
      Array.from({ length: 40 }, (_, at) => BigInt(at)),
    );
  },
  "delivers what is appended after the join": async (world) => {
    const at = only(await world.topic(1));
    const member = await world.member(at.topic);
    await member.until(() => member.count("assigned") === 1);
    await world.writer.append(at, numbered(0, 3));
    await member.until(() => member.recordsOf(at).length === 3);
    await world.writer.append(at, numbered(3, 5));
    await member.until(() => member.recordsOf(at).length === 5);
    assert.deepEqual(textsOf(member.recordsOf(at)), texts(0, 5));
  },
  "keeps null and empty keys and values, and null and repeated headers": async (world) => {
    const at = only(await world.topic(1));
    const empty = Buffer.alloc(0);
    const headers: Headers = {
      one: Buffer.from("1"),
      none: null,
      many: [Buffer.from("a"), null, Buffer.from("b")],
      "naïve ✓": empty,
    };
    await world.writer.append(at, [
      { key: null, value: null },
      { key: empty, value: empty },
      { key: Buffer.from([0, 255]), value: Buffer.from([1, 2, 3]), headers },
    ]);
    const member = await world.member(at.topic);
    await member.until(() => member.recordsOf(at).length === 3);
    const [nulls, empties, full] = member.recordsOf(at);
    assert.deepEqual([nulls?.key, nulls?.value, nulls?.headers], [null, null, {}]);
    assert.deepEqual([empties?.key, empties?.value], [empty, empty]);
    assert.deepEqual([full?.key, full?.value], [Buffer.from([0, 255]), Buffer.from([1, 2, 3])]);
    assert.deepEqual(full?.headers, headers);
  },
  "answers where the first record of an append is": async (world) => {
    const [a, b] = pair(await world.topic(2));
    const { writer } = world;
    const offsets = [await writer.append(a, numbered(0, 3)), await writer.append(b, numbered(0, 1))];
    offsets.push(await writer.append(a, numbered(3, 5)), await writer.append(a, []));
    assert.deepEqual(offsets, [0n, 0n, 3n, undefined]);
  },
  "stamps records with the time": async (world) => {
    const at = only(await world.topic(1));
    await world.writer.append(at, numbered(0, 1));
    const member = await world.member(at.topic);
    await member.until(() => member.recordsOf(at).length === 1);
    assert.equal(typeof member.recordsOf(at)[0]?.timestampMs, "number");
  },
  "tells the partition's end with the records": async (world) => {
    const at = only(await world.topic(1));
    await world.writer.append(at, numbered(0, 7));
    const member = await world.member(at.topic);
    await member.until(() => member.recordsOf(at).length === 7);
    const ends = member.told.flatMap((one) => (one.kind === "records" ? [one.endOffset] : []));
    assert.equal(ends.at(-1), 7n);
    assert.equal(await world.log.endOffset(at), 7n);
  },
  "tells where it stands while a partition is paused, and that it is at the end when all was read": async (world) => {
    const at = only(await world.topic(1));
    const name = partitionName(at);
    await world.writer.append(at, numbered(0, 3));
    const member = await world.member(at.topic);
    await member.until(() => member.recordsOf(at).length === 3);
    assert.deepEqual((await member.subscription.positions()).get(name), { next: 3n, end: 3n });
    member.subscription.pause(at);
    await world.writer.append(at, numbered(3, 1_000));
    assert.deepEqual((await member.subscription.positions()).get(name), { next: 3n, end: 1_000n });
    await member.subscription.stop();
  },
  "delivers nothing from a paused partition, and the others go on": async (world) => {
    const [a, b] = pair(await world.topic(2));
    const member = await world.member(a.topic);
    await member.until(() => member.count("assigned") === 1);
    member.subscription.pause(a);
    member.subscription.pause(a);
    await world.writer.append(a, numbered(0, 10));
    for (let at = 0; at < 10; at += 1) {
      await world.writer.append(b, numbered(at, at + 1));
      await member.until(() => member.recordsOf(b).length === at + 1);
    }
    assert.deepEqual(textsOf(member.recordsOf(a)), []);
    member.subscription.resume(a);
    await member.until(() => member.recordsOf(a).length === 10);
    assert.deepEqual(textsOf(member.recordsOf(a)), texts(0, 10));
  },
  "loses and repeats nothing when a partition is paused and resumed all the time": async (world) => {
    const at = only(await world.topic(1));
    let resumes = 0;
    const member = await world.member(at.topic, {
      onRecords: (self) => {
        self.subscription.pause(at);
        resumes += 1;
        setImmediate(() => self.subscription.resume(at));
      },
    });
    for (let from = 0; from < 400; from += 20) await world.writer.append(at, numbered(from, from + 20));
    await member.until(() => member.recordsOf(at).length >= 400);
    assert.deepEqual(textsOf(member.recordsOf(at)), texts(0, 400));
    assert.ok(resumes > 0);
  },
  "refuses to read a topic that does not exist": async (world) => {
    await assert.rejects(world.member(`missing-${randomUUID()}`), { code: "TOPIC_MISSING" });
  },
};

const committing: Promises = {
  "starts at the earliest record when the group has committed nothing": async (world) => {
    const at = only(await world.topic(1));
    await world.writer.append(at, numbered(0, 3));
    for (let round = 0; round < 2; round += 1) {
      const member = await world.member(at.topic);
      await member.until(() => member.recordsOf(at).length === 3);
      assert.deepEqual(textsOf(member.recordsOf(at)), texts(0, 3));
      await member.subscription.stop();
    }
  },
  "goes on from the committed offset": async (world) => {
    const at = only(await world.topic(1));
    await world.writer.append(at, numbered(0, 5));
    const first = await world.member(at.topic);
    await first.until(() => first.recordsOf(at).length === 5);
    await first.subscription.commit([{ ...at, offset: 2n }]);
    await first.subscription.commit([{ ...at, offset: 3n }]);
    await first.subscription.stop();
    assert.equal(await world.log.committed(world.groupId, at), 3n);
    const second = await world.member(at.topic);
    await second.until(() => second.recordsOf(at).length === 2);
    assert.deepEqual(textsOf(second.recordsOf(at)), texts(3, 5));
  },
  "commits when nothing new arrives": async (world) => {
    const [a, b] = pair(await world.topic(2));
    await world.writer.append(a, numbered(0, 1));
    const member = await world.member(a.topic);
    await member.until(() => member.recordsOf(a).length === 1);
    member.subscription.pause(a);
    member.subscription.pause(b);
    await member.subscription.commit([
      { ...a, offset: 1n },
      { ...b, offset: 0n },
    ]);
    assert.equal(await world.log.committed(world.groupId, a), 1n);
    assert.equal(await world.log.committed(world.groupId, b), 0n);
  },
  "refuses a commit of a partition that is not assigned": async (world) => {
    const at = only(await world.topic(1));
    const member = await world.member(at.topic);
    await member.until(() => member.count("assigned") === 1);
    await assert.rejects(member.subscription.commit([{ topic: at.topic, partition: 9, offset: 1n }]), CommitRefused);
  },
  "refuses a commit after the membership was given back": async (world) => {
    const at = only(await world.topic(1));
    const member = await world.member(at.topic);
    await member.until(() => member.count("assigned") === 1);
    await member.subscription.stop();
    await assert.rejects(member.subscription.commit([{ ...at, offset: 1n }]), CommitRefused);
  },
};

const rebalancing: Promises = {
  "awaits revoking, takes commits inside it, and then assigns disjoint partitions when a second member joins": async (
    world,
  ) => {
    const partitions = await world.topic(4);
    const [a] = pair(partitions);
    await world.writer.append(a, numbered(0, 5));
    const drained = Promise.withResolvers<void>();
    const first = await world.member(a.topic, {
      onRevoking: async (self) => {
        await drained.promise;
        await self.subscription.commit([{ ...a, offset: 4n }]);
      },
    });
    await first.until(() => first.recordsOf(a).length === 5);
    const second = await world.member(a.topic);
    await first.until(() => first.count("revoking") === 1);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(second.count("assigned"), 0);
    drained.resolve();
    await Promise.all([
      first.until(() => first.count("assigned") === 2),
      second.until(() => second.count("assigned") === 1),
    ]);
    assert.deepEqual(
      first.told
        .map(({ kind }) => kind)
        .filter((kind) => kind !== "records")
        .slice(0, 4),
      ["assigned", "revoking", "revoked", "assigned"],
    );
    assertShared(partitions, [first, second]);
    assert.equal(await world.log.committed(world.groupId, a), 4n);
    const owner = first.assigned?.some((one) => isSame(one, a)) ? first : second;
    await owner.until(() => owner.recordsOf(a).length === 1);
    assert.deepEqual(textsOf(owner.recordsOf(a)), ["4"]);
  },
  "delivers nothing between revoking and the next assignment": async (world) => {
    const partitions = await world.topic(2);
    const [a, b] = pair(partitions);
    const gate = Promise.withResolvers<void>();
    const first = await world.member(a.topic, { onRevoking: () => gate.promise });
    await first.until(() => first.count("assigned") === 1);
    await world.member(a.topic);
    await first.until(() => first.count("revoking") === 1);
    for (let at = 0; at < 5; at += 1) {
      await world.writer.append(a, numbered(at, at + 1));
      await world.writer.append(b, numbered(at, at + 1));
    }
    gate.resolve();
    await first.until(() => first.count("assigned") === 2);
    const kinds = first.told.map(({ kind }) => kind);
    const between = kinds.slice(kinds.indexOf("revoking"), kinds.lastIndexOf("assigned"));
    assert.deepEqual(between, ["revoking", "revoked"]);
  },
  "lets others take over at once when a member stops, with what it committed while revoking": async (world) => {
    const partitions = await world.topic(2);
    const [a, b] = pair(partitions);
    await world.writer.append(a, numbered(0, 3));
    await world.writer.append(b, numbered(0, 3));
    const commitAll = async (self: ContractMember): Promise<void> => {
      const last = (self.assigned ?? []).flatMap((at) =>
        self
          .recordsOf(at)
          .slice(-1)
          .map(({ offset }) => ({ at, offset })),
      );
      await self.subscription.commit(last.map(({ at, offset }) => ({ ...at, offset: offset + 1n })));
    };
    const first = await world.member(a.topic, { onRevoking: commitAll });
    await first.until(() => first.recordsOf(a).length === 3 && first.recordsOf(b).length === 3);
    const second = await world.member(a.topic, { onRevoking: commitAll });
    await second.until(() => (second.assigned?.length ?? 0) === 1);
    await first.subscription.stop();
    await first.subscription.stop();
    await second.until(() => second.assigned?.length === 2);
    assert.equal(first.told.at(-1)?.kind, "revoked");
    await world.writer.append(a, numbered(3, 4));
    await world.writer.append(b, numbered(3, 4));
    await second.until(() => second.recordsOf(a).length === 1 && second.recordsOf(b).length === 1);
    assert.deepEqual([textsOf(second.recordsOf(a)), textsOf(second.recordsOf(b))], [["3"], ["3"]]);
  },
  "assigns nothing to a member that there is no partition for": async (world) => {
    const partitions = await world.topic(1);
    const first = await world.member(only(partitions).topic);
    const second = await world.member(only(partitions).topic);
    await second.until(() => second.assigned !== undefined);
    await first.until(() => first.assigned !== undefined && first.told.at(-1)?.kind === "assigned");
    assertShared(partitions, [first, second]);
  },
  "assigns equal partition numbers of two topics to one member": async (world) => {
    const [source, retry] = [await world.topic(5), await world.topic(5)];
    const topics = [only(source).topic, only(retry).topic];
    const members = [await world.memberOf(topics), await world.memberOf(topics), await world.memberOf(topics)];
    const shares = () => members.map(({ assigned }) => assigned ?? []);
    await untilAll(
      members,
      () => shares().every(({ length }) => length > 0) && isShared([...source, ...retry], members),
    );
    for (const own of shares()) {
      const numbers = (of: readonly TopicPartition[]) =>
        own.flatMap(({ topic, partition }) => (topic === only(of).topic ? [partition] : [])).toSorted();
      assert.deepEqual(numbers(source), numbers(retry));
    }
  },
  "assigns a topic only to members that ask for it when not all do": async (world) => {
    const [source, retry] = [await world.topic(4), await world.topic(4)];
    const first = await world.memberOf([only(source).topic, only(retry).topic]);
    await first.until(() => first.count("assigned") === 1);
    const older = await world.member(only(source).topic);
    await untilAll(
      [first, older],
      () => older.assigned?.length === 2 && isShared([...source, ...retry], [first, older]),
    );
    assert.ok(older.assigned?.every(({ topic }) => topic === only(source).topic));
  },
  "keeps groups apart": async (world) => {
    const at = only(await world.topic(1));
    await world.writer.append(at, numbered(0, 2));
    const first = await world.member(at.topic);
    const other = new ContractMember({});
    await other.subscribe(world.client(), `${world.groupId}-other`, [at.topic]);
    await Promise.all([
      first.until(() => first.recordsOf(at).length === 2),
      other.until(() => other.recordsOf(at).length === 2),
    ]);
    assert.equal(first.count("revoking"), 0);
  },
};

const writing: Promises = {
  "answers a topic's partition count": async (world) => {
    const at = only(await world.topic(3));
    assert.equal(await world.writer.partitionCount(at.topic), 3);
  },
  "refuses a record that is too large as poison, and takes the next": async (world) => {
    const at = only(await world.topic(1));
    const tooLarge = { key: null, value: Buffer.alloc(world.log.tooLargeBytes) };
    await assert.rejects(world.writer.append(at, [recordOf("with it"), tooLarge]), {
      code: "RECORD_TOO_LARGE",
      disposition: "poison",
    });
    await world.writer.append(at, [recordOf("after")]);
    const member = await world.member(at.topic);
    await member.until(() => member.recordsOf(at).length === 1);
    assert.deepEqual(textsOf(member.recordsOf(at)), ["after"]);
  },
  "appends to many partitions side by side": async (world) => {
    const partitions = await world.topic(8);
    await Promise.all(
      partitions.map(async (at) => {
        for (let from = 0; from < 50; from += 10) await world.writer.append(at, numbered(from, from + 10));
      }),
    );
    for (const at of partitions) assert.equal(await world.log.endOffset(at), 50n);
  },
};
