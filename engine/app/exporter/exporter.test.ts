/** What the exporter serves: kafka_exporter's names and labels, and what is left of them when something does not answer. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Registry } from "prom-client";
import { Unavailable } from "../../errors.ts";
import type { ClusterOverview } from "../../log/kafka/admin/overview.ts";
import { silentLogger } from "../../logger.ts";
import { steppedClock } from "../../testing/stepped-clock.ts";
import { serveOverview } from "./exporter.ts";

const overview: ClusterOverview = {
  brokers: [
    { id: 1, address: "a:9092" },
    { id: 2, address: "b:9092" },
  ],
  topics: new Map([
    [
      "orders",
      [
        { partition: 0, leader: 1, replicas: [1, 2], inSync: [1, 2] },
        { partition: 1, leader: 1, replicas: [2, 1], inSync: [1] },
      ],
    ],
    ["headless", [{ partition: 0, leader: -1, replicas: [2], inSync: [] }]],
  ]),
  offsets: new Map([
    ["orders/0", { oldest: 3n, end: 10n }],
    ["orders/1", { oldest: 0n, end: 4n }],
  ]),
  groups: new Map([
    ["workers", { members: 2, committed: new Map([["orders", new Map([[0, 7n]])]]) }],
    ["idle", { members: 0, committed: new Map() }],
  ]),
  leftOut: { topics: 0, groups: 0 },
};

const stage = (look: () => Promise<ClusterOverview>) => {
  const registry = new Registry();
  const { clock, step } = steppedClock();
  const ready = serveOverview(look, { registry, logger: silentLogger, clock });
  const lines = async (): Promise<readonly string[]> =>
    (await registry.metrics()).split("\n").filter((line) => line.startsWith("kafka_"));
  return { ready, lines, step };
};

/** kafka_exporter's, read from kafka_exporter.go (1.9), as docs and dashboards of others use them. */
const namesAndLabels = [
  "kafka_broker_info{id,address}",
  "kafka_brokers",
  "kafka_consumergroup_current_offset_sum{consumergroup,topic}",
  "kafka_consumergroup_current_offset{consumergroup,topic,partition}",
  "kafka_consumergroup_lag_sum{consumergroup,topic}",
  "kafka_consumergroup_lag{consumergroup,topic,partition}",
  "kafka_consumergroup_members{consumergroup}",
  "kafka_topic_partition_current_offset{topic,partition}",
  "kafka_topic_partition_in_sync_replica{topic,partition}",
  "kafka_topic_partition_leader_is_preferred{topic,partition}",
  "kafka_topic_partition_leader{topic,partition}",
  "kafka_topic_partition_oldest_offset{topic,partition}",
  "kafka_topic_partition_replicas{topic,partition}",
  "kafka_topic_partition_under_replicated_partition{topic,partition}",
  "kafka_topic_partitions{topic}",
];

test("exporter: serves kafka_exporter's names with its labels, and no others", async () => {
  const { lines } = stage(async () => overview);
  const shapes = (await lines()).map((line) => line.replace(/ \S+$/, "").replaceAll(/="[^"]*"/g, ""));
  assert.deepEqual([...new Set(shapes)].toSorted(), namesAndLabels.toSorted());
});

test("exporter: counts what kafka_exporter counts", async () => {
  const { lines, ready } = stage(async () => overview);
  const found = new Set(await lines());
  const expected = [
    "kafka_brokers 2",
    'kafka_broker_info{id="2",address="b:9092"} 1',
    'kafka_topic_partitions{topic="orders"} 2',
    'kafka_topic_partition_current_offset{topic="orders",partition="0"} 10',
    'kafka_topic_partition_oldest_offset{topic="orders",partition="0"} 3',
    'kafka_topic_partition_leader_is_preferred{topic="orders",partition="1"} 0',
    'kafka_topic_partition_under_replicated_partition{topic="orders",partition="1"} 1',
    'kafka_topic_partition_under_replicated_partition{topic="orders",partition="0"} 0',
    'kafka_topic_partition_leader{topic="headless",partition="0"} -1',
    'kafka_consumergroup_lag{consumergroup="workers",topic="orders",partition="0"} 3',
    'kafka_consumergroup_lag{consumergroup="workers",topic="orders",partition="1"} -1',
    'kafka_consumergroup_current_offset{consumergroup="workers",topic="orders",partition="1"} -1',
    'kafka_consumergroup_current_offset_sum{consumergroup="workers",topic="orders"} 6',
    'kafka_consumergroup_lag_sum{consumergroup="workers",topic="orders"} 3',
    'kafka_consumergroup_members{consumergroup="workers"} 2',
    'kafka_consumergroup_members{consumergroup="idle"} 0',
  ];
  assert.deepEqual(
    expected.filter((line) => !found.has(line)),
    [],
  );
  assert.equal(ready().ok, true);
});

test("exporter: says that a group has no lag when it has committed past the end that was asked for before", async () => {
  const committed = new Map([["orders", new Map([[0, 12n]])]]);
  const { lines } = stage(async () => ({ ...overview, groups: new Map([["workers", { members: 1, committed }]]) }));
  const found = new Set(await lines());
  assert.ok(found.has('kafka_consumergroup_lag{consumergroup="workers",topic="orders",partition="0"} 0'));
});

test("exporter: says that there are no brokers, and is not ready, when none answers, and recovers", async () => {
  let away = true;
  let looked = 0;
  const { lines, ready, step } = stage(async () => {
    looked += 1;
    if (away) throw new Unavailable("kafka", "refused");
    return overview;
  });
  assert.deepEqual(await lines(), ["kafka_brokers 0"]);
  assert.deepEqual(ready().codes, ["DEPENDENCY_AWAY"]);
  assert.equal(looked, 1);
  away = false;
  await step(5_000);
  assert.ok((await lines()).includes("kafka_brokers 2"));
  assert.equal(ready().ok, true);
});

test("exporter: answers without the cluster when that is slow, and looks once meanwhile", async () => {
  const slow = Promise.withResolvers<ClusterOverview>();
  let looked = 0;
  const { lines, step } = stage(() => {
    looked += 1;
    return slow.promise;
  });
  const first = lines();
  await step(8_000);
  assert.deepEqual(await first, ["kafka_brokers 0"]);
  const second = lines();
  slow.resolve(overview);
  assert.ok((await second).includes("kafka_brokers 2"));
  assert.equal(looked, 1);
});

test("exporter: says once how much is left out, and again when that is another number", async () => {
  const registry = new Registry();
  const { clock, step } = steppedClock();
  const said: unknown[] = [];
  let topics = 7;
  const logger = {
    ...silentLogger,
    warn: (fields: Readonly<Record<string, unknown>>) => void said.push(fields["topics"]),
  };
  serveOverview(async () => ({ ...overview, leftOut: { topics, groups: 0 } }), { registry, logger, clock });
  for (const now of [7, 7, 9, 0, 9]) {
    topics = now;
    await registry.metrics();
    await step(5_000);
  }
  assert.deepEqual(said, [7, 9, 9]);
});
