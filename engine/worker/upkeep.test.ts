/** What ends upkeep, and what does not. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { StartRefused, Unavailable } from "../errors.ts";
import { silentLogger } from "../logger.ts";
import { keepUp } from "./upkeep.ts";

test("keepUp: goes on when a pass fails, and ends the worker when its stores are another's by now", async () => {
  const refusal = new StartRefused("GATE_OF_OTHER_DATABASE", "another database's");
  const passes: unknown[] = [new Unavailable("redis", "away"), undefined, refusal];
  const told: unknown[] = [];
  await keepUp(
    {
      intervalMs: 1,
      topic: { name: "in", partitions: 1 },
      pass: async () => {
        const error = passes.shift();
        if (error !== undefined) throw error;
      },
    },
    {
      partitions: () => [],
      clock: { now: () => 0, sleep: async () => {} },
      logger: silentLogger,
      refused: (error) => told.push(error),
      signal: new AbortController().signal,
    },
  );
  assert.deepEqual(passes, []);
  assert.deepEqual(told, [refusal]);
});
