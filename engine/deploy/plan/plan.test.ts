/** Every rule of a plan, and that what is planned leaves nothing to plan. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { aDesired, aGraph, appliedLive, asDeclared, emptyLive } from "../testing/documents.ts";
import type { Action, Change } from "./change.ts";
import { risksOf } from "./change.ts";
import type { Desired } from "./desired.ts";
import type { Applied, Live, LiveTopic } from "./live.ts";
import { type Allowed, isRolling, planOf } from "./plan.ts";
import { stepsOf, stepText } from "./steps.ts";

const before = aDesired();
const applied: Applied = { number: 1, clusterId: "cluster-1", document: before };

const plan = (
  of: {
    readonly desired?: Desired;
    readonly live?: Live;
    readonly applied?: Applied | undefined;
    readonly allow?: Allowed;
  } = {},
) => planOf({ desired: before, live: appliedLive(before), applied, recorded: true, allow: {}, ...of });

/** The live cluster with one topic `in` that differs. */
const liveWith = (topic: Partial<LiveTopic> | null, over: Partial<Live> = {}): Live => {
  const live = appliedLive(before);
  const declared = before.topics["in"] ?? assert.fail();
  return {
    ...live,
    topics: { ...live.topics, in: topic === null ? null : { ...asDeclared(declared), ...topic } },
    ...over,
  };
};
const overridden = (setting: string, value: string | undefined, more: Readonly<Record<string, string>> = {}) => {
  const settings = Object.entries({ ...before.topics["in"]?.settings, ...more, [setting]: value });
  const overrides = Object.fromEntries(settings.flatMap(([name, v]) => (v === undefined ? [] : [[name, v] as const])));
  return { overrides, effective: overrides };
};
const declaring = (setting: string, value: string | undefined): Desired => {
  const settings = { ...before.topics["in"]?.settings };
  delete settings[setting];
  return aDesired({ in: { settings: value === undefined ? settings : { ...settings, [setting]: value } } });
};
const brief = (changes: readonly Change[]) =>
  changes.map(({ kind, area, name, text, risk }) => [kind, area, name, text, risk === undefined ? "plain" : "risky"]);

test("plan: is empty when everything is as declared and applied", () => {
  assert.deepEqual(plan(), { recorded: true, changes: [], refusals: [], foreign: [] });
});

test("plan: makes everything and records it when nothing is there", () => {
  const made = plan({ live: emptyLive(before, { pendingMigrations: ["0001"] }), applied: undefined });
  assert.deepEqual(
    made.changes.map(({ kind, area, name }) => `${kind} ${area} ${name}`),
    [
      "new tables database",
      "new topic in",
      "new topic out",
      "new topic shop.dlq",
      "new topic shop.retry",
      "new subject in-value",
      "new subject out-value",
      "new graph shop",
    ],
  );
  assert.deepEqual([made.refusals, risksOf(made)], [[], []]);
  const steps = stepsOf(made).map(({ does }) => does);
  assert.equal(steps.join(" "), `migrate ${"createTopic ".repeat(4)}registerSubject registerSubject recordDeployment`);
});

test("plan: says nothing of graphs, and ends by its last change, when deployments are not recorded", () => {
  const unrecorded = { desired: before, applied: undefined, recorded: false, allow: {} };
  assert.deepEqual(planOf({ ...unrecorded, live: appliedLive(before) }).changes, []);
  const made = planOf({ ...unrecorded, live: liveWith(null) });
  assert.deepEqual(stepsOf(made).map(stepText), ["topic in: 6 partitions"]);
});

test("plan: records the deployment alone when an earlier apply ended before it", () => {
  const cutOff = plan({ applied: undefined });
  assert.deepEqual(
    brief(cutOff.changes).map(([kind, area]) => [kind, area]),
    [["new", "graph"]],
  );
  const settingsAlone = plan({
    desired: declaring("retention.ms", "-1"),
    live: liveWith(overridden("retention.ms", "-1")),
  });
  assert.deepEqual(stepsOf(settingsAlone), [{ does: "recordDeployment" }]);
});

const month = "2592000000";
const settingRules: readonly [
  what: string,
  desired: Desired,
  live: LiveTopic["overrides"],
  expected: readonly [kind: string, text: string, risk: string] | undefined,
][] = [
  [
    "raises retention",
    declaring("retention.ms", "-1"),
    overridden("retention.ms", month).overrides,
    ["change", "retention.ms 30 d -> for ever", "plain"],
  ],
  [
    "lowers retention",
    declaring("retention.ms", "1209600000"),
    overridden("retention.ms", month).overrides,
    ["change", "retention.ms 30 d -> 14 d", "risky"],
  ],
  [
    "ends keeping for ever",
    before,
    overridden("retention.ms", "-1").overrides,
    [
      "drift",
      "retention.ms for ever -> 30 d, changed outside of sluice: records that nobody read for that long are lost",
      "risky",
    ],
  ],
  [
    "finds client clocks",
    before,
    overridden("message.timestamp.type", "CreateTime").overrides,
    [
      "drift",
      "message.timestamp.type CreateTime -> LogAppendTime, changed outside of sluice: acceptance times are the broker's clock; with CreateTime a client's clock decides when a sale opens",
      "risky",
    ],
  ],
  [
    "finds compaction",
    before,
    overridden("cleanup.policy", "compact").overrides,
    [
      "drift",
      "cleanup.policy compact -> delete, changed outside of sluice: compaction removes accepted records that share a key before they are read",
      "risky",
    ],
  ],
  [
    "finds a codec",
    before,
    overridden("compression.type", "zstd").overrides,
    [
      "drift",
      "compression.type zstd -> producer, changed outside of sluice: batches are kept as producers send them; the brokers would compress each of them again",
      "plain",
    ],
  ],
  [
    "finds a removed override",
    before,
    overridden("compression.type", undefined).overrides,
    [
      "drift",
      "compression.type default -> producer, changed outside of sluice: batches are kept as producers send them; the brokers would compress each of them again",
      "plain",
    ],
  ],
  [
    "declares one more",
    declaring("segment.ms", "60000"),
    overridden("segment.ms", undefined).overrides,
    ["change", "segment.ms default -> 60000", "plain"],
  ],
  ["declares what is there", declaring("segment.ms", "60000"), overridden("segment.ms", "60000").overrides, undefined],
  [
    "declares one that somebody else set otherwise",
    declaring("segment.ms", "60000"),
    overridden("segment.ms", "9").overrides,
    ["drift", "segment.ms 9 -> 60000, changed outside of sluice", "plain"],
  ],
  [
    "lowers replicas",
    declaring("min.insync.replicas", "1"),
    overridden("min.insync.replicas", "2").overrides,
    ["drift", "min.insync.replicas 2 -> 1, changed outside of sluice", "risky"],
  ],
  [
    "lowers the size of a batch",
    declaring("max.message.bytes", "1000"),
    overridden("max.message.bytes", "1048588").overrides,
    ["change", "max.message.bytes 1048588 -> 1000", "risky"],
  ],
  [
    "declares no more",
    declaring("retention.bytes", undefined),
    overridden("retention.bytes", "-1").overrides,
    ["change", "retention.bytes no limit -> default", "risky"],
  ],
  [
    "declares no more what somebody changed",
    declaring("retention.bytes", undefined),
    overridden("retention.bytes", "7").overrides,
    undefined,
  ],
];
for (const [what, desired, overrides, expected] of settingRules) {
  test(`plan: ${what} with the right kind and risk when a setting differs`, () => {
    const { changes, refusals } = plan({ desired, live: liveWith({ overrides, effective: overrides }) });
    const settings = changes.filter(({ area }) => area === "topic");
    assert.deepEqual(
      brief(settings).map(([kind, , , text, risk]) => [kind, text, risk]),
      expected === undefined ? [] : [expected],
    );
    assert.deepEqual(refusals, []);
  });
}

test("plan: leaves alone and names what nobody declared", () => {
  const { changes, foreign } = plan({ live: liveWith(overridden("flush.messages", "1")) });
  assert.deepEqual([changes, foreign], [[], [{ topic: "in", setting: "flush.messages", value: "1" }]]);
});

test("plan: has only changes and no drift when nothing was applied yet", () => {
  const live = liveWith(overridden("retention.ms", "1"), { deployment: 0 });
  const { changes } = plan({ live, applied: undefined });
  assert.deepEqual(
    brief(changes).map(([kind]) => kind),
    ["change", "new"],
  );
});

test("plan: makes a topic anew, as a risk, when one that was applied is gone", () => {
  const { changes } = plan({ live: liveWith(null) });
  assert.deepEqual(brief(changes), [["drift", "topic", "in", "is gone; made anew: 6 partitions, kept 30 d", "risky"]]);
});

const otherGraph = aDesired({ graph: aGraph("shop", ["decide", "check"]) });
const otherSource = aDesired({ graph: aGraph("shop", ["decide"], "out") });
const refusals: readonly [code: string, input: Parameters<typeof plan>[0], text: RegExp, lifted?: Allowed][] = [
  ["FEWER_PARTITIONS", { live: liveWith({ partitions: 12 }) }, /partitions 12 -> 6/],
  ["KEYS_WOULD_MOVE", { live: liveWith({ partitions: 3 }) }, /partitions 3 -> 6, (49|50) % of keys would move/],
  ["KEY_CHANGED", { desired: aDesired({ in: { key: "userId" } }) }, /key id -> userId/],
  [
    "SUBJECT_INCOMPATIBLE",
    {
      live: appliedLive(before, {
        subjects: {
          ...appliedLive(before).subjects,
          "in-value": { latest: 3, registered: false, compatible: false, level: "BACKWARD", why: "TYPE_CHANGED in.id" },
        },
      }),
    },
    /^TYPE_CHANGED in.id$/,
  ],
  [
    "SUBJECT_LEVEL",
    {
      live: appliedLive(before, {
        subjects: {
          ...appliedLive(before).subjects,
          "in-value": { latest: 1, registered: true, compatible: true, level: "NONE" },
        },
      }),
    },
    /NONE, declared is BACKWARD/,
  ],
  [
    "OTHER_CLUSTER",
    { live: appliedLive(before, { clusterId: "cluster-2" }) },
    /deployment 1 was to cluster cluster-1/,
    { newCluster: true },
  ],
  ["OTHER_GROUP", { desired: aDesired({ group: "other.shop" }) }, /test.shop -> other.shop/, { newGroup: true }],
  [
    "SOURCES_CHANGED",
    { desired: otherSource, live: appliedLive(before, { members: { "test.shop": 2 } }) },
    /2 workers/,
  ],
];
for (const [code, input, text, lifted] of refusals) {
  test(`plan: refuses with ${code}${lifted === undefined ? "" : " until it is allowed by name"} when the rule is broken`, () => {
    const refused = plan(input).refusals;
    assert.deepEqual(
      refused.map((one) => one.code),
      [code],
    );
    assert.match(refused[0]?.text ?? "", text);
    assert.notEqual(refused[0]?.fix, "");
    if (lifted !== undefined) assert.deepEqual(plan({ ...input, allow: lifted }).refusals, []);
  });
}

test("plan: names every refusal when several rules are broken", () => {
  const live = { ...liveWith({ partitions: 12 }), clusterId: "cluster-2" };
  const found = plan({ desired: aDesired({ group: "other.shop", in: { key: null } }), live });
  assert.deepEqual(
    found.refusals.map(({ code }) => code),
    ["OTHER_CLUSTER", "KEY_CHANGED", "FEWER_PARTITIONS", "OTHER_GROUP"],
  );
});

test("plan: adds partitions of a dead-letter topic, whose letters have no order", () => {
  const live = appliedLive(before);
  const letters = live.topics["shop.dlq"] ?? assert.fail();
  const { changes } = plan({
    live: { ...live, topics: { ...live.topics, "shop.dlq": { ...letters, partitions: 3 } } },
  });
  assert.deepEqual(brief(changes), [["change", "topic", "shop.dlq", "partitions 3 -> 6", "plain"]]);
});

test("plan: shows what of a graph changes, and whether old and new workers may run side by side", () => {
  assert.deepEqual(brief(plan({ desired: otherGraph }).changes), [
    ["change", "graph", "shop", "+ check; 2 edges; rolling", "plain"],
  ]);
  assert.match(plan({ desired: otherSource }).changes[0]?.text ?? "", /other sources; not rolling/);
});

test("isRolling: says no when the group or the sources differ", () => {
  const of = (desired: Desired) => desired.topologies["shop"] ?? assert.fail();
  assert.equal(isRolling(of(before), of(otherGraph)), true);
  assert.equal(isRolling(of(before), of(otherSource)), false);
  assert.equal(isRolling(of(before), of(aDesired({ group: "g" }))), false);
});

/** What a step does to a cluster. */
const advance = (live: Live, step: Action, desired: Desired): Live => {
  switch (step.does) {
    case "migrate":
      return { ...live, pendingMigrations: [] };
    case "createTopic": {
      const { partitions, settings } = step;
      return {
        ...live,
        topics: { ...live.topics, [step.topic]: { partitions, overrides: settings, effective: settings } },
      };
    }
    case "addPartitions": {
      const topic = live.topics[step.topic] ?? assert.fail();
      return { ...live, topics: { ...live.topics, [step.topic]: { ...topic, partitions: step.partitions } } };
    }
    case "registerSubject": {
      const level = desired.subjects[step.subject]?.level ?? null;
      const subject = { latest: 2, registered: true, compatible: true, level };
      return { ...live, subjects: { ...live.subjects, [step.subject]: subject } };
    }
    case "alterSettings": {
      const topic = live.topics[step.topic] ?? assert.fail();
      const overrides = { ...topic.overrides, ...step.set };
      for (const name of step.reset) delete overrides[name];
      return { ...live, topics: { ...live.topics, [step.topic]: { ...topic, overrides, effective: overrides } } };
    }
    case "recordDeployment":
      return { ...live, deployment: live.deployment + 1 };
  }
};

const settings = fc.dictionary(
  fc.constantFrom("retention.ms", "cleanup.policy", "segment.ms", "min.insync.replicas", "flush.ms"),
  fc.constantFrom("1", "2", "delete", "-1"),
);
const documents = settings.map((own) => aDesired({ in: { settings: own } }));
const lives = fc
  .record({
    overrides: settings,
    missing: fc.boolean(),
    registered: fc.boolean(),
    pendingMigrations: fc.constantFrom([], ["0006"]),
  })
  .map(({ overrides, missing, registered, pendingMigrations }): Live => {
    const live = appliedLive(before, { pendingMigrations });
    const topic = missing ? null : { partitions: 6, overrides, effective: overrides };
    const subject = { latest: 1, registered, compatible: true, level: registered ? "BACKWARD" : null };
    return { ...live, topics: { ...live.topics, in: topic }, subjects: { ...live.subjects, "in-value": subject } };
  });

test("plan: leaves nothing to plan, and no foreign setting changed, when its steps were carried out, in any number of pieces", () => {
  const cases = fc.record({
    desired: documents,
    recorded: fc.option(documents, { nil: undefined }),
    live: lives,
    cut: fc.nat(6),
  });
  fc.assert(
    fc.property(cases, ({ desired, recorded, live, cut }) => {
      let last: Applied | undefined = recorded && { number: 1, clusterId: "cluster-1", document: recorded };
      const foreign = planOf({ desired, applied: last, live, recorded: true, allow: {} }).foreign;
      let now = live;
      // Cut off after `cut` steps, planned again, and carried out to its end.
      for (const upTo of [cut, Number.POSITIVE_INFINITY]) {
        for (const step of stepsOf(planOf({ desired, applied: last, live: now, recorded: true, allow: {} })).slice(
          0,
          upTo,
        )) {
          now = advance(now, step, desired);
          if (step.does === "recordDeployment") last = { number: 2, clusterId: "cluster-1", document: desired };
        }
      }
      const after = planOf({ desired, applied: last, live: now, recorded: true, allow: {} });
      assert.deepEqual([after.changes, after.refusals], [[], []]);
      for (const { topic, setting, value } of foreign) assert.equal(now.topics[topic]?.overrides[setting], value);
    }),
    { numRuns: 500 },
  );
});
