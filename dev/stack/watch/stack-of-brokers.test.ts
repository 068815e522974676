/** Which stack a process is scraped in. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { layoutAt } from "../layout.ts";
import { type StackState, writeState } from "../state.ts";
import { stackOfBrokers } from "./stack-of-brokers.ts";

const stateOf = (broker: string, phase: StackState["phase"] = "up"): StackState => ({
  version: 1,
  phase,
  brokers: 1,
  offsetsPartitions: 1,
  endpoints: { brokers: [broker], registryUrl: "http://r", databaseUrl: "mysql://d", redisUrl: "redis://r" },
  services: [],
});

test("stackOfBrokers: finds the stack by its addresses, whatever its name, and no other", async () => {
  const folder = await mkdtemp(join(tmpdir(), "stacks-"));
  const layout = (name: string) => layoutAt(name, join(folder, name));
  await writeState(layout("demo"), stateOf("127.0.0.1:1"));
  await writeState(layout("mine"), stateOf("127.0.0.1:2"));
  await writeState(layout("half"), stateOf("127.0.0.1:3", "starting"));
  await writeState(layout("broken"), stateOf("127.0.0.1:4"));
  await writeFile(layout("broken").state, "{");
  assert.equal((await stackOfBrokers("127.0.0.1:2", folder))?.name, "mine");
  for (const none of ["127.0.0.1:3", "127.0.0.1:4", "127.0.0.1:1,127.0.0.1:2", undefined])
    assert.equal(await stackOfBrokers(none, folder), undefined);
  assert.equal(await stackOfBrokers("127.0.0.1:1", join(folder, "absent")), undefined);
  await rm(folder, { recursive: true });
});
