/** A membership on a fake group: what is delivered, what is dropped, what is awaited, what is refused. */
import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import { test } from "node:test";
import type { Clock } from "../../../clock.ts";
import { CommitRefused, type LogListener, type TopicPartition } from "../../log.ts";
import { silentLogger } from "../../../logger.ts";
import type { Batch, ConsumerGroup } from "../internals.ts";
import { Membership, MembershipEnded } from "./membership.ts";
import { settingsOf } from "../options.ts";

const at: TopicPartition = { topic: "t", partition: 0 };
const settings = settingsOf({ brokers: ["127.0.0.1:1"], clientId: "t", logger: silentLogger, drainBudgetMs: 1_000 });

interface FakeGroup extends ConsumerGroup {
  readonly resolved: unknown[];
  readonly committed: unknown[];
  partitions: readonly number[];
  commitErrors: unknown[];
  coordinatorsFound: number;
}

const groupOf = (fields: Partial<FakeGroup> = {}): FakeGroup => {
  const paused = new Set<number>();
  const group: Partial<FakeGroup> & {
    partitions: readonly number[];
    commitErrors: unknown[];
    coordinatorsFound: number;
  } = {
    groupId: "g",
    memberId: null,
    maxWaitTime: 0,
    resolved: [],
    committed: [],
    partitions: [0],
    commitErrors: [],
    coordinatorsFound: 0,
    assigned: () => [{ topic: "t", partitions: group.partitions }],
    paused: () => [{ topic: "t", partitions: [...paused] }],
    pause: (of) => {
      for (const one of of.flatMap(({ partitions = [] }) => partitions)) paused.add(one);
    },
    resume: (of) => {
      for (const one of of.flatMap(({ partitions = [] }) => partitions)) paused.delete(one);
    },
    resolveOffset: (of) => group.resolved?.push(of),
    leave: async () => {},
    heartbeat: async () => {},
    ...fields,
  };
  const manager = {
    clearOffsets: (of: unknown) => group.resolved?.push({ cleared: of }),
    nextOffset: () => "7",
    committedOffsets: () => ({}),
    commitOffsets: async (of: unknown) => {
      const error = group.commitErrors.shift();
      if (error !== undefined) throw error;
      group.committed?.push(of);
    },
  };
  const cluster = {
    findGroupCoordinator: async () => {
      group.coordinatorsFound += 1;
      return {};
    },
    fetchTopicsOffset: async ([{ fromBeginning }]: [{ fromBeginning: boolean }]) => [
      { topic: "t", partitions: [{ partition: 0, offset: fromBeginning ? "10" : "20" }] },
    ],
  };
  // Erasure: only what Membership touches is there, which these tests would notice.
  return Object.assign(group, { offsetManager: manager, cluster }) as unknown as FakeGroup;
};

const batchOf = (partition = 0): Batch =>
  ({ topic: "t", partition, highWatermark: "9", messages: [], lastOffset: () => 4n }) as unknown as Batch;

const membershipOf = ({ revoking = async () => {} }: Partial<Pick<LogListener, "revoking">> = {}) => {
  const told: string[] = [];
  const sleeping: (() => void)[] = [];
  const clock: Clock = {
    now: () => 0,
    sleep: (_, signal) =>
      new Promise((resolve) => {
        sleeping.push(resolve);
        signal?.addEventListener("abort", () => resolve());
      }),
  };
  const listener: LogListener = {
    assigned: (partitions) => told.push(`assigned ${partitions.map(({ partition }) => partition).join()}`),
    records: (from) => told.push(`records ${from.partition}`),
    revoking: async () => {
      told.push("revoking");
      await revoking();
      told.push("revoked");
    },
    failed: (error) => told.push(`failed ${error.name} ${"code" in error ? String(error.code) : ""}`),
  };
  const membership = new Membership({ groupId: "g", listener, settings, clock });
  const runOutOfTime = (): void => {
    for (const wake of sleeping) wake();
  };
  return { membership, told, runOutOfTime };
};

const joined = async (options: Parameters<typeof membershipOf>[0] = {}) => {
  const made = membershipOf(options);
  const group = groupOf();
  await made.membership.join(group, async () => {});
  return { ...made, group };
};
/** Fetches and delivers in one, as kafkajs does. */
const deliver = async (membership: Membership, group: ConsumerGroup, batch = batchOf()): Promise<void> => {
  for (const one of await membership.fetch(group, async () => [batch])) membership.deliver(one);
};

test("membership: delivers what was fetched since the assignment, and moves the fetch on", async () => {
  const { membership, group, told } = await joined();
  await deliver(membership, group);
  assert.deepEqual(told, ["assigned 0", "records 0"]);
  assert.deepEqual(group.resolved, [{ topic: "t", partition: 0, offset: 4n }]);
});

test("membership: has read when a broker answered for its partitions, or it has none to read, and not when one has nothing of it", async () => {
  const { membership, group } = await joined();
  const fetched = async (...batches: readonly Batch[]): Promise<number> => {
    await membership.fetch(group, async () => batches);
    return membership.reads;
  };
  assert.equal(await fetched(), 0);
  await assert.rejects(membership.fetch(group, () => Promise.reject(new Error("not authorized"))));
  assert.equal(await fetched(), 0);
  assert.equal(await fetched(batchOf()), 1);
  membership.pause(at);
  assert.equal(await fetched(), 2);
});

test("membership: says where it stands, and nothing of a topic whose offsets kafkajs has not read yet", async () => {
  const { membership, group } = await joined();
  assert.deepEqual(await membership.positions(), new Map());
  Object.assign(group.offsetManager ?? {}, { committedOffsets: () => ({ t: { 0: "7" } }) });
  assert.deepEqual(await membership.positions(), new Map([["t/0", { next: 7n, end: 20n }]]));
  membership.lose();
  assert.deepEqual(await membership.positions(), new Map());
});

test("membership: says that the log is away when its position cannot be asked for", async () => {
  const { membership, group } = await joined();
  const refused = async () => {
    throw new Error("no broker answers");
  };
  Object.assign(group.cluster, { fetchTopicsOffset: refused });
  await assert.rejects(membership.positions(), { code: "UNAVAILABLE" });
});

test("membership: drops a batch when it was fetched for an older assignment, and does not move the fetch on", async () => {
  const { membership, group, told } = await joined();
  const [fetchedBefore] = await membership.fetch(group, async () => [batchOf()]);
  const fetching = Promise.withResolvers<readonly Batch[]>();
  const fetchedAcross = membership.fetch(group, () => fetching.promise);
  await membership.join(group, async () => {});
  fetching.resolve([batchOf()]);
  assert.deepEqual(await fetchedAcross, []);
  membership.deliver(fetchedBefore ?? assert.fail());
  assert.deepEqual(told, ["assigned 0", "revoking", "revoked", "assigned 0"]);
  assert.deepEqual(group.resolved, []);
});

test("membership: drops batches of paused and of foreign partitions, so that they are fetched again", async () => {
  const { membership, group, told } = await joined();
  membership.pause(at);
  await deliver(membership, group);
  await deliver(membership, group, batchOf(5));
  assert.deepEqual([told, group.resolved], [["assigned 0"], []]);
  membership.resume(at);
  assert.deepEqual(group.paused(), [{ topic: "t", partitions: [] }]);
  await deliver(membership, group);
  assert.equal(told.at(-1), "records 0");
});

test("membership: lets no fetch wait long while something is paused, since it would not notice the resume", async () => {
  const { membership, group } = await joined();
  await deliver(membership, group);
  assert.equal(group.maxWaitTime, settings.fetchWaitMs);
  membership.pause(at);
  await deliver(membership, group);
  assert.ok(group.maxWaitTime < settings.fetchWaitMs);
  membership.resume(at);
  await deliver(membership, group);
  assert.equal(group.maxWaitTime, settings.fetchWaitMs);
});

test("membership: joins after revoking has ended, once for joins asked for at the same time", async () => {
  const drained = Promise.withResolvers<void>();
  const { membership, group, told } = await joined({ revoking: () => drained.promise });
  const joins: string[] = [];
  const join = async (): Promise<void> => {
    joins.push(told.at(-1) ?? "");
  };
  const both = Promise.all([membership.join(group, join), membership.join(group, join)]);
  await turn();
  assert.deepEqual(joins, []);
  assert.deepEqual(group.paused(), [{ topic: "t", partitions: [0] }], "what is dropped is not fetched over and over");
  await deliver(membership, group);
  drained.resolve();
  await both;
  assert.deepEqual(joins, ["revoked"]);
  assert.deepEqual(told, ["assigned 0", "revoking", "revoked", "assigned 0"]);
});

test("membership: joins without the listener when the drain runs out of time", async () => {
  const { membership, group, told, runOutOfTime } = await joined({ revoking: () => new Promise(() => {}) });
  const joining = membership.join(group, async () => {});
  await turn();
  runOutOfTime();
  await joining;
  assert.deepEqual(told, ["assigned 0", "revoking", "assigned 0"]);
});

test("membership: fetches from every partition again after a join, paused or not before", async () => {
  const { membership, group } = await joined();
  membership.pause(at);
  await membership.join(group, async () => {});
  assert.deepEqual(group.paused(), [{ topic: "t", partitions: [] }]);
});

test("membership: takes commits while it drains, and refuses them before, after and for others' partitions", async () => {
  const commit = (of: Membership): Promise<void> => of.commit([{ ...at, offset: 3n }]);
  const refused = { name: "Error", code: "COMMIT_REFUSED" };
  const within: Promise<void>[] = [];
  const { membership, told } = membershipOf({ revoking: async () => void within.push(commit(membership)) });
  const group = groupOf();
  await assert.rejects(commit(membership), refused);
  await membership.join(group, async () => {
    await assert.rejects(commit(membership), refused);
  });
  await assert.rejects(membership.commit([{ topic: "t", partition: 8, offset: 1n }]), refused);
  await membership.giveBack();
  await Promise.all(within);
  await assert.rejects(commit(membership), refused);
  assert.deepEqual(told, ["assigned 0", "revoking", "revoked"]);
  assert.deepEqual(group.committed, [{ topics: [{ topic: "t", partitions: [{ partition: 0, offset: "3" }] }] }]);
});

test("membership: asks for the coordinator again and commits there when it has moved", async () => {
  const { membership, group } = await joined();
  group.commitErrors = [Object.assign(new Error(), { type: "NOT_COORDINATOR_FOR_GROUP" })];
  await membership.commit([{ ...at, offset: 3n }]);
  assert.equal(group.coordinatorsFound, 1);
  assert.equal(group.committed.length, 1);
  group.commitErrors = [1, 2].map(() => Object.assign(new Error(), { name: "KafkaJSConnectionError" }));
  await assert.rejects(membership.commit([{ ...at, offset: 4n }]), { code: "UNAVAILABLE" });
});

test("membership: refuses a commit when the broker says that the membership is over", async () => {
  const { membership, group } = await joined();
  group.commitErrors = [Object.assign(new Error(), { type: "ILLEGAL_GENERATION" })];
  await assert.rejects(membership.commit([{ ...at, offset: 3n }]), CommitRefused);
  assert.equal(group.coordinatorsFound, 0);
});

test("membership: joins as the member it was when its consumer crashed without leaving", async () => {
  const { membership, group, told } = await joined();
  group.memberId = "member-1";
  membership.lose();
  await assert.rejects(membership.commit([{ ...at, offset: 3n }]), CommitRefused);
  const failing = membership.join(groupOf(), () => Promise.reject(new Error("no coordinator")));
  await assert.rejects(failing, /no coordinator/);
  membership.lose();
  const rebuilt = groupOf();
  await membership.join(rebuilt, async () => {});
  assert.equal(rebuilt.memberId, "member-1");
  assert.deepEqual(told, ["assigned 0", "revoking", "revoked", "assigned 0"]);
});

test("membership: joins as the member that the group took in when the rest of the join failed", async () => {
  const { membership } = membershipOf();
  const failing = groupOf();
  const half = async (): Promise<void> => {
    failing.memberId = "member-2";
    throw new Error("no metadata");
  };
  await assert.rejects(membership.join(failing, half), /no metadata/);
  membership.lose();
  const rebuilt = groupOf();
  await membership.join(rebuilt, async () => {});
  assert.equal(rebuilt.memberId, "member-2");
});

test("membership: joins as a new member when its consumer left before it went", async () => {
  const { membership } = await joined();
  membership.lose();
  const rebuilt = groupOf();
  await membership.join(rebuilt, async () => {});
  assert.equal(rebuilt.memberId, null);
});

test("membership: leaves what it has just joined when it was ended meanwhile", async () => {
  const { membership, told } = membershipOf();
  const left: string[] = [];
  const group = groupOf({ leave: async () => void left.push("left") });
  await assert.rejects(
    membership.join(group, async () => membership.end()),
    MembershipEnded,
  );
  assert.deepEqual([left, told], [["left"], []]);
  await assert.rejects(
    membership.join(group, () => assert.fail("must not join")),
    MembershipEnded,
  );
});

test("membership: fails, and delivers nothing more, when the listener throws", async () => {
  const { membership, group, told } = await joined();
  const throwing = new Membership({
    groupId: "g",
    settings,
    clock: { now: () => 0, sleep: async () => {} },
    listener: {
      assigned: () => {},
      records: () => {
        throw new TypeError("a bug");
      },
      revoking: async () => {},
      failed: (error) => told.push(`failed ${"code" in error ? String(error.code) : ""}`),
    },
  });
  await throwing.join(group, async () => {});
  await deliver(throwing, group);
  await deliver(throwing, group);
  assert.deepEqual(told, ["assigned 0", "failed LISTENER_THREW"]);
  assert.equal(membership.ended, false);
});

const coordinatorWith = (offset: string) =>
  // Erasure: a broker that answers this one request.
  ({
    offsetFetch: async () => ({ responses: [{ topic: "t", partitions: [{ partition: 0, offset }] }] }),
  }) as unknown as NonNullable<ConsumerGroup["coordinator"]>;

test("membership: starts at the log's start when nothing is committed and nothing was read", async () => {
  const { membership, group, told } = await joined();
  group.coordinator = coordinatorWith("-1");
  await membership.offsetOutOfRange(group, at);
  assert.deepEqual(group.resolved, [{ cleared: at }]);
  assert.deepEqual(told, ["assigned 0"]);
});

test("membership: fails when the committed offset is gone", async () => {
  const { membership, group, told } = await joined();
  group.coordinator = coordinatorWith("7");
  await membership.offsetOutOfRange(group, at);
  assert.deepEqual(told, ["assigned 0", "failed Error OFFSET_OUT_OF_RANGE"]);
  assert.deepEqual(group.resolved, []);
  await deliver(membership, group);
  assert.equal(told.length, 2);
});

test("membership: fails when records are gone between what was read and what comes next", async () => {
  const { membership, group, told } = await joined();
  group.coordinator = coordinatorWith("-1");
  await deliver(membership, group);
  await membership.offsetOutOfRange(group, at);
  assert.equal(told.at(-1), "failed Error OFFSET_OUT_OF_RANGE");
});

test("membership: keeps quiet about a heartbeat that fails, and looks for a coordinator that is gone", async () => {
  const failures = [{ type: "REBALANCE_IN_PROGRESS" }, { name: "KafkaJSConnectionError" }];
  const { membership } = membershipOf();
  const group = groupOf({
    heartbeat: async () => {
      throw Object.assign(new Error(), failures.shift());
    },
  });
  await membership.join(group, async () => {});
  await membership.heartbeat();
  assert.equal(group.coordinatorsFound, 0);
  await membership.heartbeat();
  assert.equal(group.coordinatorsFound, 1);
});
