/** A few faults of payments on the tests' own stack, so that every change meets them; `npm run faults` tries them all. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { kafkaLog } from "../../../engine/log/kafka/kafka-log.ts";
import type { TopicPartition } from "../../../engine/log/log.ts";
import { silentLogger } from "../../../engine/logger.ts";
import { paymentsCompleted } from "../../../schemas/payment.ts";
import { stackAddresses } from "../../testing/stack-under-test.ts";
import { choose } from "../faults.ts";
import { groupOf, type PayScene, setPayScene } from "./scene.ts";
import { ofPayments, tryFault } from "../run.ts";

const { stackName, endpoints } = stackAddresses();
// Moments differ from run to run, and a run can be had again: the seed is in the test's name.
const seed = Date.now() % 1_000_000;
let scene: PayScene;

/** Lets a worker's group begin at the topic's end: what other tests left there need not be brought once more. */
const skipWhatIsThere = async (role: "history" | "external"): Promise<void> => {
  const log = kafkaLog({ brokers: endpoints.brokers, clientId: "sluice-faults", logger: silentLogger });
  const assigned = Promise.withResolvers<readonly TopicPartition[]>();
  const subscription = await log.subscribe(
    { groupId: groupOf(scene.config, role), topics: [paymentsCompleted.name] },
    {
      assigned: (partitions) => partitions.length > 0 && assigned.resolve(partitions),
      records: () => {},
      revoking: async () => {},
      failed: assigned.reject,
    },
  );
  const partitions = await assigned.promise;
  const ends = await scene.admin.endOffsets(paymentsCompleted.name);
  await subscription.commit(partitions.map((each) => ({ ...each, offset: ends[each.partition] ?? 0n })));
  await subscription.stop();
  await log.close();
};

before(async () => {
  scene = await setPayScene(stackName, endpoints, new AbortController().signal);
  await Promise.all((["history", "external"] as const).map(skipWhatIsThere));
});

after(() => scene.close());

const selection = [
  { only: "pay-crash", points: ["api-commit-sent", "external-request-sent"], times: 1 },
  { only: "pay-one-order", points: [], times: 5 },
] as const;

for (const { only, points, times } of selection) {
  const name = [only, ...points].join(" ");
  test(`faults: payments, promises and copies agree when ${name} strikes (seed ${seed})`, async () => {
    const [fault] = choose([only]).payFaults;
    assert.ok(fault !== undefined);
    const { amiss, findings } = await tryFault(ofPayments, scene, fault, { points, seed, times, say: () => undefined });
    assert.deepEqual(amiss, [], findings.examples.join("\n"));
  });
}
