/** What every list of processes keeps to. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { type ProcessEntry, processKeptMs, type Processes } from "../processes.ts";

/** A list that others may use meanwhile, and how an entry of it grows old. */
export interface ProcessesSubject {
  readonly processes: Processes;
  /** As if nothing had been heard of a process for so long, ms. */
  readonly silence: (id: string, ms: number) => Promise<void>;
}

/** The host of every entry that the suite makes, by which an adapter's test takes them out. */
export const contractHost = "contract-host";

/** A process of its own. */
export const aProcess = (over: Partial<ProcessEntry> = {}): ProcessEntry => ({
  id: randomUUID(),
  kind: "worker",
  subject: "shop",
  hash: "a".repeat(64),
  version: "0.1.0",
  host: contractHost,
  pid: 4_321,
  healthUrl: "http://127.0.0.1:9400",
  ...over,
});

/** Registers the suite. */
export const processesContract = (name: string, subject: () => ProcessesSubject): void => {
  const says = (what: string, body: (subject: ProcessesSubject) => Promise<void>) =>
    test(`${name}: ${what}`, () => body(subject()));
  const listed = async ({ list }: Processes, { id }: ProcessEntry) => (await list()).find((one) => one.id === id);

  says("answers an entry as it was made, also without a graph, when it has entered", async ({ processes }) => {
    const [worker, api] = [aProcess(), aProcess({ kind: "api", subject: null, hash: null, host: "contract-host" })];
    await processes.beat(worker);
    await processes.beat(api);
    const { startedAt, silentMs, ...found } = (await listed(processes, worker)) ?? assert.fail("not listed");
    assert.deepEqual(found, worker);
    assert.ok(startedAt > 0 && silentMs >= 0);
    assert.deepEqual((await listed(processes, api))?.hash, null);
  });

  says("keeps when it started, and knows that it was heard of, when it beats again", async (on) => {
    const { processes, silence } = on;
    const entry = aProcess();
    await processes.beat(entry);
    const first = await listed(processes, entry);
    await silence(entry.id, 60_000);
    assert.ok(((await listed(processes, entry))?.silentMs ?? 0) >= 60_000);
    await processes.beat(entry);
    const again = await listed(processes, entry);
    assert.equal(again?.startedAt, first?.startedAt);
    assert.ok((again?.silentMs ?? Number.POSITIVE_INFINITY) < 60_000);
  });

  says("forgets a process when it leaves, also twice", async ({ processes }) => {
    const entry = aProcess();
    await processes.beat(entry);
    await processes.leave(entry.id);
    await processes.leave(entry.id);
    assert.equal(await listed(processes, entry), undefined);
  });

  says("takes out what was not heard of for too long when another one beats", async ({ processes, silence }) => {
    const [gone, still, other] = [aProcess(), aProcess(), aProcess()];
    await processes.beat(gone);
    await processes.beat(still);
    await silence(gone.id, processKeptMs + 60_000);
    await processes.beat(still);
    await processes.beat(other);
    assert.equal(await listed(processes, gone), undefined);
    assert.notEqual(await listed(processes, still), undefined);
  });

  says("lists those that were heard of last first when there are several", async ({ processes, silence }) => {
    const [old, young] = [aProcess(), aProcess()];
    await processes.beat(young);
    await processes.beat(old);
    await silence(old.id, 120_000);
    await processes.beat(young);
    const order = (await processes.list()).map(({ id }) => id).filter((id) => [old.id, young.id].includes(id));
    assert.deepEqual(order, [young.id, old.id]);
  });
};
