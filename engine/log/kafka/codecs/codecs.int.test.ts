/** Batches that a real broker compressed. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openTestCluster, type TestCluster } from "../testing/int-test-cluster.ts";

let cluster: TestCluster;
before(async () => {
  cluster = await openTestCluster();
});
after(() => cluster?.close());

for (const codec of ["gzip", "snappy", "lz4", "zstd"]) {
  test(`kafka log: reads what was written when the topic's compression is ${codec}`, { timeout: 60_000 }, async () => {
    const topic = await cluster.createTopic(1, { config: { "compression.type": codec } });
    const written = ["a", "b".repeat(200_000), "c"];
    await cluster.log().append(
      { topic, partition: 0 },
      written.map((text) => ({ key: null, value: Buffer.from(text) })),
    );
    const read: string[] = [];
    await cluster.admin.readTopic(topic, (_, records) => {
      for (const { value } of records) read.push(String(value));
    });
    assert.deepEqual(read, written);
  });
}
