/** The numbers of a burst add up. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Reply } from "./client.ts";
import { quantile, showPace, summarise } from "./summary.ts";

const reply = (status: Reply["status"], reason?: string, latencyMs = 10): Reply => ({
  status,
  reason,
  latencyMs,
  endedAtMs: status === "issued" ? 2_000 : 4_000,
});

test("summary: counts every request once when they ended in every way", () => {
  const all = [
    reply("issued"),
    reply("issued"),
    reply("refused", "SOLD_OUT"),
    reply("undecided"),
    reply("turnedAway", "503"),
  ];
  const { requests, accepted, issued, refused, undecided, turnedAway, issuedPerSecond } = summarise(all, 0);
  assert.deepEqual(
    { requests, accepted, issued, refused, undecided, turnedAway, issuedPerSecond },
    {
      requests: 5,
      accepted: 4,
      issued: 2,
      refused: { SOLD_OUT: 1 },
      undecided: 1,
      turnedAway: { 503: 1 },
      issuedPerSecond: 1,
    },
  );
});

test("summary: leaves requests without a verdict out of the latency when it is summed up", () => {
  assert.equal(summarise([reply("issued", undefined, 5), reply("turnedAway", "503", 9_000)], 0).latencyMs.p99, 5);
});

test("pace: says what shares the machine with the workers when figures of a burst are shown", () => {
  assert.match(showPace("stack", 2), /^Clients, brokers, database and workers share this machine's 2 cores: /);
  assert.match(showPace("embedded", 2), /^Clients and workers share one thread: .*\n.*docs\/benchmarks\.md\.$/);
});

test("quantile: is the value that the share does not exceed when values are sorted", () => {
  const sorted = Array.from({ length: 100 }, (_, n) => n + 1);
  assert.deepEqual(
    [quantile(sorted, 0.5), quantile(sorted, 0.99), quantile(sorted, 1), quantile([], 0.5)],
    [50, 99, 100, 0],
  );
});
