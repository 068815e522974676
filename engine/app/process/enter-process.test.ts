/** A process in the list of processes: it enters, stays, leaves, and works on where there is no list. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { OpenProcesses, ProcessEntry } from "../../deploy/processes.ts";
import { memoryProcesses } from "../../deploy/testing/memory-processes.ts";
import { aProcess } from "../../deploy/testing/processes-contract.ts";
import { Unavailable } from "../../errors.ts";
import type { LogFields } from "../../logger.ts";
import { silentLogger } from "../../logger.ts";
import { keepEntered, reachableHost } from "./enter-process.ts";

/** A clock whose sleeps end when the test says so. */
const manualClock = () => {
  const sleeping = new Set<() => void>();
  return {
    now: () => 0,
    sleep: (_: number, signal?: AbortSignal) =>
      new Promise<void>((resolve) => {
        sleeping.add(resolve);
        if (signal?.aborted) resolve();
        signal?.addEventListener("abort", () => resolve());
      }),
    wake: () => {
      for (const resolve of sleeping) resolve();
      sleeping.clear();
    },
  };
};
const settled = () => new Promise((resolve) => setImmediate(resolve));

test("process: enters itself at its start, beats, and leaves when it stopped as it should", async () => {
  const processes = memoryProcesses();
  const clock = manualClock();
  const entry = aProcess();
  const entered = keepEntered(async () => ({ processes, close: async () => {} }), entry, {
    clock,
    logger: silentLogger,
  });
  await settled();
  processes.pass(10_000);
  clock.wake();
  await settled();
  assert.deepEqual(
    (await processes.list()).map(({ id, silentMs }) => [id, silentMs]),
    [[entry.id, 0]],
  );
  await entered.close({ leaves: true });
  assert.deepEqual(await processes.list(), []);
});

test("process: stays in the list, silent, when it could not continue", async () => {
  const processes = memoryProcesses();
  const entered = keepEntered(async () => ({ processes, close: async () => {} }), aProcess(), {
    clock: manualClock(),
    logger: silentLogger,
  });
  await settled();
  await entered.close({ leaves: false });
  assert.equal((await processes.list()).length, 1);
});

test("process: says once that it is not listed, and once that it is again, when the store was away for some beats", async () => {
  const processes = memoryProcesses();
  const clock = manualClock();
  const events: string[] = [];
  const note = ({ event }: LogFields) => void events.push(event);
  processes.failure = new Unavailable("database", "connection refused");
  const entered = keepEntered(async () => ({ processes, close: async () => {} }), aProcess(), {
    clock,
    logger: { ...silentLogger, info: note, warn: note },
  });
  for (const failure of [processes.failure, processes.failure, undefined, undefined]) {
    processes.failure = failure;
    await settled();
    clock.wake();
  }
  await settled();
  assert.deepEqual(events, ["process.unlisted", "process.listed"]);
  await entered.close({ leaves: true });
});

test("process: leaves after the beat that is under way, which would enter it again, when it stops", async () => {
  const processes = memoryProcesses();
  const answering = Promise.withResolvers<void>();
  const slow = { ...processes, beat: (entry: ProcessEntry) => answering.promise.then(() => processes.beat(entry)) };
  const entered = keepEntered(async () => ({ processes: slow, close: async () => {} }), aProcess(), {
    clock: manualClock(),
    logger: silentLogger,
  });
  await settled();
  const closing = entered.close({ leaves: true });
  answering.resolve();
  await closing;
  await settled();
  assert.deepEqual(await processes.list(), []);
});

test("process: stops without its list when the store gives no answer", async () => {
  const never = new Promise<OpenProcesses>(() => {});
  const clock = manualClock();
  const entered = keepEntered(() => never, aProcess(), { clock, logger: silentLogger });
  const closing = entered.close({ leaves: true });
  await settled();
  clock.wake();
  await closing;
});

test("reachableHost: gives an address of this machine when its health is served on every interface", () => {
  const outside = { address: "10.0.0.7", netmask: "", family: "IPv4", mac: "", internal: false, cidr: null } as const;
  const lo = { ...outside, address: "127.0.0.1", internal: true };
  assert.equal(reachableHost("0.0.0.0", { lo: [lo], eth0: [outside] }), "10.0.0.7");
  assert.equal(reachableHost("::", { lo: [lo] }), "127.0.0.1");
  assert.equal(reachableHost("127.0.0.1", { eth0: [outside] }), "127.0.0.1");
  assert.equal(reachableHost("::1", {}), "[::1]");
});
