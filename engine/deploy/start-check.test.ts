/** Which workers may start. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TopicDescription } from "../log/kafka/admin/topic-settings.ts";
import { topicSettings } from "./plan/topic-settings.ts";
import { refuseOtherSettings, refuseUndeployed } from "./start-check.ts";

const [mine, before, other] = ["a", "b", "c"].map((digit) => digit.repeat(64)) as [string, string, string]; // Three in, three out.

const running = { name: "shop", group: "g.shop" };

test("refuseUndeployed: lets the deployed graph and the accepted one start, and no other", () => {
  const accepted = { deployment: 4, hash: mine, beside: before, group: "g.shop" };
  for (const hash of [mine, before]) assert.doesNotThrow(() => refuseUndeployed({ ...running, hash }, accepted));
  const message =
    "this code's graph of shop is cccccccc, but deployment 4 has aaaaaaaa and bbbbbbbb. Run: sluice topology apply; or start the release that is deployed";
  assert.throws(() => refuseUndeployed({ ...running, hash: other }, accepted), {
    code: "GRAPH_NOT_DEPLOYED",
    message,
  });
  const never = { code: "GRAPH_NOT_DEPLOYED", message: /it was never deployed/ };
  assert.throws(() => refuseUndeployed({ ...running, hash: mine }, undefined), never);
  const alone = { ...accepted, beside: null };
  assert.throws(() => refuseUndeployed({ ...running, hash: before }, alone), { message: /has aaaaaaaa\. Run/ });
});

test("refuseUndeployed: names both groups when the graph was deployed for another one", () => {
  const accepted = { deployment: 4, hash: mine, beside: before, group: "other.shop" };
  const message =
    /deployment 4 runs shop in group other\.shop, but this worker is of group g\.shop\. Set SLUICE_GROUP_PREFIX/;
  for (const hash of [mine, before])
    assert.throws(() => refuseUndeployed({ ...running, hash }, accepted), { code: "OTHER_GROUP", message });
  // What is wrong first: with another graph the group says nothing.
  assert.throws(() => refuseUndeployed({ ...running, hash: other }, accepted), { code: "GRAPH_NOT_DEPLOYED" });
});

const described = (over: Readonly<Record<string, string>>) => ({
  describeTopics: async () => {
    const effective = { ...topicSettings, ...over };
    return new Map<string, TopicDescription>([["in", { partitions: 6, overrides: {}, effective }]]);
  },
});

for (const [setting, value] of [
  ["message.timestamp.type", "CreateTime"],
  ["cleanup.policy", "compact"],
  ["cleanup.policy", "compact,delete"],
] as const) {
  test(`refuseOtherSettings: names topic, setting and command when ${setting} is ${value}`, async () => {
    const message = new RegExp(`topic in has ${setting} ${value}, declared is .*sluice topology apply`);
    await assert.rejects(refuseOtherSettings(described({ [setting]: value }), [{ name: "in" }]), {
      code: "TOPIC_SETTING",
      message,
    });
  });
}

test("refuseOtherSettings: lets other settings, declared ones and missing topics pass", async () => {
  await refuseOtherSettings(described({ "retention.ms": "1", "compression.type": "zstd" }), [
    { name: "in" },
    { name: "missing" },
  ]);
  const config = { "cleanup.policy": "compact,delete" };
  await refuseOtherSettings(described(config), [{ name: "in", config }]);
});
