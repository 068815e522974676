// A stack's whole life, on real processes: up, asked, broken, mended, down; and starts that fail or are cut short.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { CliError, environment, exitCodes } from "../../engine/app/cli.ts";
import { startService, stopService } from "./control.ts";
import { stackDown } from "./down.ts";
import { type Layout, layoutOf, repositoryRoot } from "./layout.ts";
import { ask } from "./services/probes.ts";
import { findMarked } from "./services/processes.ts";
import { readEndpoints, stackStatus } from "./status.ts";
import { stackUp } from "./up.ts";

/** A stack of this test's own, which is gone afterwards, logs and all, however the test ends. */
function ownStack(t: TestContext, part: string): { readonly name: string; readonly layout: Layout } {
  const name = `test-${part}-${process.pid}`;
  const layout = layoutOf(name);
  t.after(async () => {
    await stackDown({ name });
    await rm(layout.root, { recursive: true, force: true });
  });
  return { name, layout };
}

/** Nothing of the stack is left but its logs. */
async function assertGone(layout: Layout): Promise<void> {
  assert.deepEqual(await findMarked(layout.root), []);
  for (const path of layout.removable) assert.ok(!existsSync(path), `${path} is still there`);
}

/**
 * A server of somebody else on a port. A process that was killed counts as ended with its first thread, and has its sockets until the
 * last one has ended: so it is tried again for 5 s. @throws the last refusal
 */
const squat = async (port: number): Promise<Server> => {
  for (const end = performance.now() + 5_000; ; await sleep(20)) {
    const server = createServer((socket) => socket.destroy()).listen(port, "127.0.0.1");
    try {
      await once(server, "listening");
      return server;
    } catch (error) {
      if (performance.now() > end) throw error;
    }
  }
};

const answering = async (name: string) =>
  Object.fromEntries((await stackStatus({ name })).services.map((service) => [service.name, service.answered]));

test("stack: comes up, is mended when a service is killed, keeps its data, and goes without a trace", async (t) => {
  const { name, layout } = ownStack(t, "life");
  const endpoints = await stackUp({ name, brokers: 1 });

  await t.test("every service answers, each in a process that carries the stack's mark", async () => {
    const status = await stackStatus({ name });
    assert.equal(status.condition, "running");
    assert.deepEqual([status.users, status.strays], [[], []]);
    const pids = (await findMarked(layout.root)).map(({ pid }) => pid);
    assert.deepEqual(new Set(status.services.map(({ pid }) => pid)), new Set(pids));
    assert.equal(pids.length, 4);
    assert.deepEqual(await readEndpoints(name), endpoints);
  });

  await t.test("a broker of another cluster that has the port is not taken for the stack's own", async () => {
    const port = Number(endpoints.brokers[0]?.split(":")[1]);
    const another = { kind: "kafka", port, brokers: 1, clusterId: "another" } as const;
    await assert.rejects(ask(another, 2_000), /^Error: is of cluster .+, not of another$/);
  });

  await t.test("a second up changes nothing", async () => {
    const before = await stackStatus({ name });
    assert.deepEqual(await stackUp({ name }), endpoints);
    const after = await stackStatus({ name });
    assert.deepEqual(
      after.services.map(({ pid }) => pid),
      before.services.map(({ pid }) => pid),
    );
  });

  await t.test("up refuses another number of brokers than it runs with", async () => {
    const error = await stackUp({ name, brokers: 3 }).catch((thrown: unknown) => thrown);
    assert.ok(error instanceof CliError);
    assert.equal(error.exitCode, exitCodes.refused);
  });

  await t.test("the status distinguishes the service that was killed from the others", async () => {
    await stopService(name, "redis", { signal: "SIGKILL" });
    assert.deepEqual(await answering(name), { "kafka-1": true, registry: true, mariadb: true, redis: false });
    assert.equal((await stackStatus({ name })).condition, "broken");
  });

  await t.test("up starts what was killed, where it was", async () => {
    assert.deepEqual(await stackUp({ name }), endpoints);
    assert.equal((await stackStatus({ name })).condition, "running");
  });

  await t.test("an up that can't repair it ends what it started, and nothing else", async () => {
    await Promise.all(["redis", "mariadb"].map((service) => stopService(name, service, { signal: "SIGKILL" })));
    const squatter = await squat(Number(new URL(endpoints.redisUrl).port));
    await assert.rejects(stackUp({ name }), /^CliError: redis did not start/);
    await new Promise((resolve) => squatter.close(resolve));
    assert.deepEqual(await answering(name), { "kafka-1": true, registry: true, mariadb: false, redis: false });
    assert.equal((await findMarked(layout.root)).length, 2);
    assert.deepEqual(await stackUp({ name }), endpoints);
  });

  await t.test("the registry knows its schemas after a crash", async () => {
    const subjects = `${endpoints.registryUrl}/subjects`;
    await fetch(`${subjects}/a-value/versions`, {
      method: "POST",
      headers: { "content-type": "application/vnd.schemaregistry.v1+json" },
      body: JSON.stringify({ schema: '"string"' }),
    });
    await stopService(name, "registry", { signal: "SIGKILL" });
    await startService(name, "registry");
    assert.deepEqual(await (await fetch(subjects)).json(), ["a-value"]);
  });

  await t.test("down leaves neither a process nor data, keeps the logs, and may be asked again", async () => {
    const done = await stackDown({ name });
    assert.equal(done.ended, 4);
    assert.equal(done.logs, layout.logs);
    assert.ok(existsSync(layout.log("kafka-1")));
    await assertGone(layout);
    assert.equal((await stackDown({ name })).ended, 0);
    await assert.rejects(readEndpoints(name), /is not up/);
  });
});

test("stackUp: names the service, its log and its last words, and leaves nothing, when one does not start", async (t) => {
  const { name, layout } = ownStack(t, "flag");
  const start = stackUp({ name, brokers: 1, extraFlags: { redis: ["--nonsense", "1"] } });
  const error = await start.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof CliError);
  assert.equal(error.code, "STACK_START_FAILED");
  assert.match(error.message, /^redis did not start: it ended with exit code 1/);
  assert.match(error.message, /nonsense/);
  assert.ok(error.fix?.includes(layout.log("redis")));
  assert.ok(existsSync(layout.log("redis")));
  await assertGone(layout);
  assert.equal((await stackStatus({ name })).condition, "absent");
});

test("stackUp: ends what it started when it is aborted", async (t) => {
  const { name, layout } = ownStack(t, "abort");
  const controller = new AbortController();
  const start = stackUp({
    name,
    brokers: 1,
    signal: controller.signal,
    onProgress: ({ kind }) => kind === "ready" && controller.abort(new Error("enough")),
  });
  await assert.rejects(start, /enough/);
  await assertGone(layout);
});

test("stackDown: finds every process of an up that was killed", async (t) => {
  const { name, layout } = ownStack(t, "killed");
  const up = spawn(process.execPath, [join(repositoryRoot, "bin", "sluice.js"), "stack", "up", "--name", name], {
    stdio: "ignore",
    env: environment(),
  });
  const ended = new Promise((resolve) => up.once("exit", resolve));
  const deadline = performance.now() + 60_000;
  while ((await findMarked(layout.root)).length < 3 && performance.now() < deadline) await sleep(20);
  up.kill("SIGKILL");
  await ended;
  assert.equal((await stackStatus({ name })).condition, "broken");
  assert.ok((await stackDown({ name })).ended >= 3);
  await assertGone(layout);
});
