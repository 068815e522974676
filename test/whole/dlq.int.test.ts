/** Dead letters on the real stack, by the command line: found, planned, replayed past a killed runner, discarded, and told apart. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { json, text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { endpointsEnv } from "../../dev/stack/endpoints.ts";
import { sluice } from "../../dev/run-sluice.ts";
import { repositoryRoot } from "../../dev/stack/layout.ts";
import { limitsWith } from "../../engine/app/console/letters.ts";
import { openConsoleData } from "../../engine/app/console/open-data.ts";
import { createCodec } from "../../engine/avro/codec.ts";
import { systemClock } from "../../engine/clock.ts";
import { createLive } from "../../engine/console/live/live.ts";
import { confluentRegistry } from "../../engine/registry/registry.ts";
import { silentLogger } from "../../engine/logger.ts";
import { kafkaLog } from "../../engine/log/kafka/kafka-log.ts";
import { partitionOfKey } from "../../engine/log/producer/partitioner.ts";
import { type PaymentCompleted, paymentsCompleted } from "../../schemas/payment.ts";
import { app } from "../../sluice.config.ts";
import { aPayment } from "../../stores/testing/transaction-history.ts";
import { stackUnderTest, until } from "../testing/stack-under-test.ts";

const topology = "external-data";
const since = new Date().toISOString();
/** Payments that the platform refuses, and how often it took each. */
const refused = new Set<string>();
const taken = new Map<string, number>();
const platform = createServer(async (request, response) => {
  const { paymentId } = (await json(request)) as { readonly paymentId: string };
  if (!refused.has(paymentId)) taken.set(paymentId, (taken.get(paymentId) ?? 0) + 1);
  response.writeHead(refused.has(paymentId) ? 422 : 200).end();
});
platform.listen(0, "127.0.0.1");
await once(platform, "listening");
const env = {
  SLUICE_PLATFORM_URL: `http://127.0.0.1:${(platform.address() as AddressInfo).port}/v1/payments`,
  SLUICE_DEAD_LETTER_PERCENT: "100",
  SLUICE_COMMIT_INTERVAL_MS: "100",
  SLUICE_ACTOR: "tester",
};
const { config, endpoints, start, prepared } = stackUnderTest({ env });
const log = kafkaLog({ brokers: config.brokers, clientId: "dlq-test", logger: silentLogger });
before(async () => {
  await prepared();
  await start({ command: "worker", name: "dlq-worker", args: ["--topology", topology] });
});
after(async () => {
  await log.close();
  platform.close();
});

const encoder = () =>
  createCodec({
    source: confluentRegistry({ url: config.registryUrl }),
    now: () => performance.now(),
  }).encoder(paymentsCompleted);

/** Accepts payments; the platform refuses them until it is told otherwise. Answers their ids. */
const refusedPayments = async (count: number): Promise<readonly string[]> => {
  const encode = await encoder();
  const payments: readonly PaymentCompleted[] = Array.from({ length: count }, () => aPayment());
  for (const { paymentId } of payments) refused.add(paymentId);
  for (const payment of payments) {
    const key = Buffer.from(payment.orderId);
    const partition = partitionOfKey(key, paymentsCompleted.partitions);
    await log.append({ topic: paymentsCompleted.name, partition }, [{ key, value: encode(payment) }]);
  }
  return payments.map(({ paymentId }) => paymentId);
};

interface Ran {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const sluiceChild = (...args: readonly string[]): ChildProcess =>
  spawn(process.execPath, [join(repositoryRoot, "bin", "sluice.js"), "dlq", ...args], {
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"], ...endpointsEnv(endpoints), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });

const ended = async (child: ChildProcess): Promise<Ran> => {
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new TypeError("it has no pipes");
  const [out, err] = await Promise.all([text(stdout), text(stderr), child.exitCode ?? once(child, "close")]);
  return { exitCode: child.exitCode, stdout: out, stderr: err };
};

const dlq = (...args: readonly string[]): Promise<Ran> => ended(sluiceChild(...args));
const dlqJson = async (...args: readonly string[]) => {
  const { exitCode, stdout, stderr } = await dlq(...args, "--json");
  try {
    return { exitCode, ...JSON.parse(stdout) };
  } catch (cause) {
    throw new Error(`no document: ${stdout}${stderr}`, { cause });
  }
};
const ours = ["--topology", topology, "--since", since];
const states = async (): Promise<Readonly<Record<string, number>>> => {
  const { data } = await dlqJson("list", ...ours, "--state", "all");
  const counts: Record<string, number> = {};
  for (const { state } of data) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
};
const openLetters = (count: number) =>
  until(`${count} open letters`, async () => (await states())["open"] === count, 30_000);

test("dlq: replays letters of one cause, says which failed again, and discards", { timeout: 120_000 }, async () => {
  const ids = await refusedPayments(30);
  await openLetters(30);
  const { data: groups } = await dlqJson("groups", ...ours);
  assert.equal(groups.length, 1);
  const [{ fingerprint, open, readable }] = groups;
  assert.deepEqual([open, readable], [30, { yes: 30, of: 30 }]);

  const [stays, ...mended] = ids;
  for (const id of mended) refused.delete(id);
  const meant = [...ours, "--fingerprint", fingerprint.slice(0, 8)];
  const plan = await dlqJson("plan", ...meant);
  assert.deepEqual([plan.exitCode, plan.data.counts.ready, plan.data.readers], [0, 30, 1]);

  const first = await dlqJson("replay", ...meant, "--reason", "mended");
  assert.deepEqual([first.exitCode, first.data.sent, first.data.resolved, first.data.failedAgain], [6, 30, 29, 1]);
  assert.deepEqual(await states(), { resolved: 29, "failed-again": 1, open: 1 });
  assert.deepEqual(new Set(mended.map((id) => taken.get(id))), new Set([1]));

  const { data: left } = await dlqJson("list", ...ours);
  assert.equal(left[0].attempt, 2);
  const shown = await dlq("show", "--topology", topology, left[0].id);
  assert.match(shown.stdout, /attempt 1[\s\S]*failed-again[\s\S]*attempt 2[\s\S]*"paymentId"/);
  assert.ok(shown.stdout.includes(String(stays)));
  assert.match(shown.stdout, /about +docs\/reference\/codes\.md#delivery_refused/);

  const discarded = await dlqJson("discard", left[0].id, "--topology", topology, "--reason", "wrong for good");
  assert.deepEqual([discarded.exitCode, discarded.data.letters], [0, 1]);
  const { exitCode, document } = await sluice({ ...endpointsEnv(endpoints), ...env }, "story", left[0].id);
  assert.ok(document !== undefined);
  // Written by the command itself.
  const { moments } = document.data as {
    readonly moments: readonly { readonly what: string; readonly text: string }[];
  };
  assert.deepEqual(
    [exitCode, moments.map(({ what }) => what)],
    [0, ["record", "dead letter", "replayed", "dead letter"]],
  );
  assert.match(moments.map(({ text }) => text).join("\n"), /failed-again[\s\S]*as attempt 2 by job[\s\S]*discarded/);
  const nothing = await dlqJson("replay", ...meant, "--reason", "again");
  assert.deepEqual([nothing.exitCode, nothing.errors[0].code], [4, "NOTHING_READY"]);
  assert.deepEqual(await states(), { resolved: 29, "failed-again": 1, discarded: 1 });
});

test("dlq: loses and doubles nothing when a runner is killed, and lets one in at a time", {
  timeout: 120_000,
}, async () => {
  const ids = await refusedPayments(60);
  await openLetters(60);
  for (const id of ids) refused.delete(id);
  const args = ["replay", ...ours, "--reason", "killed", "--rate", "4", "--canary", "0"];
  const runner = sluiceChild(...args, "--code", "DELIVERY_REFUSED");
  const killed = ended(runner);
  const job = async () => {
    const { data } = await dlqJson("status", "--topology", topology);
    return data.find(({ reason }: { readonly reason: string }) => reason === "killed");
  };
  await until("some are sent", async () => (await job())?.sent >= 4, 30_000);
  // Frozen, so that it does not come to its end before the others have had their say.
  runner.kill("SIGSTOP");
  const second = await dlqJson(...args, "--code", "DELIVERY_REFUSED");
  assert.deepEqual([second.exitCode, second.errors[0].code], [5, "REPLAY_BUSY"]);
  runner.kill("SIGKILL");
  await killed;
  await until("its lock is gone", async () => (await job()).state === "no runner", 30_000);
  const { id, sent } = await job();
  assert.ok(sent >= 4 && sent < 60, `${sent}`);
  const resumed = await dlqJson("replay", "--topology", topology, "--resume", id.slice(0, 8));
  assert.deepEqual([resumed.exitCode, resumed.data.sent, resumed.data.resolved, resumed.data.copies], [0, 60, 60, 0]);
  assert.deepEqual(new Set(ids.map((one) => taken.get(one))), new Set([1]));
  const { exitCode, data } = await dlqJson("status", id);
  assert.deepEqual([exitCode, data[0].state, data[0].pending], [0, "finished", 0]);
});

test("dlq: plans to send none of the letters that are certain to fail again when a check or a bound of their topic refuses them", {
  timeout: 120_000,
}, async () => {
  const encode = await encoder();
  const from = new Date().toISOString();
  const to = { topic: paymentsCompleted.name, partition: 0 };
  const value = encode(aPayment());
  const headers = { padding: Buffer.alloc(20_000) };
  await log.append(to, [{ key: Buffer.from("not-its-order"), value }]);
  await log.append(to, [{ key: Buffer.from("large"), value, headers }]);
  const meant = ["--topology", topology, "--since", from];
  await until("both are letters", async () => (await dlqJson("list", ...meant)).data.length === 2, 30_000);
  const plan = await dlqJson("plan", ...meant);
  const { wrong, ready } = plan.data.counts;
  assert.deepEqual([plan.exitCode, ready, wrong, plan.data.counts["too-large"]], [4, 0, 1, 1]);
  const { stdout } = await dlq("plan", ...meant);
  assert.match(stdout, /1 {2}wrong: a check of its topic refuses it again/);
  const discarded = await dlqJson("discard", ...meant, "--reason", "wrong for good");
  assert.deepEqual([discarded.exitCode, discarded.data.letters], [0, 2]);
});

test("console: sees the worker that runs, and replays, pauses, resumes and discards as the commands do", {
  timeout: 120_000,
}, async () => {
  const ids = await refusedPayments(12);
  await openLetters(12);
  const data = await openConsoleData(app, config);
  const live = createLive(data.live, systemClock);
  try {
    const listed = async () => (await live.latest()).processes.find(({ subject }) => subject === topology);
    await until("the worker is in the list", async () => (await listed())?.state === "ready");
    assert.equal((await listed())?.partitions.length, paymentsCompleted.partitions);
    assert.deepEqual((await data.plan()).refusals, []);

    const cause = (await data.letters.look(topology)).groups.find(({ open }) => open === 12);
    const meant = { fingerprint: cause?.fingerprint ?? assert.fail("no cause has 12 open letters") };
    const [stays = "", ...mended] = ids;
    for (const id of mended) refused.delete(id);
    // One of them fails again, wherever it is in their order: it would end a canary that it is in.
    const limits = limitsWith({ canary: 0, rate: 4 });
    const { counts } = await data.letters.plan(topology, meant, limits);
    assert.equal(counts["ready"], 12);
    const how = { actor: "mina", reason: "mended", limits };
    await assert.rejects(data.letters.replay(topology, meant, { ...how, planned: 11 }), { code: "PLAN_OUT_OF_DATE" });
    const job = await data.letters.replay(topology, meant, { ...how, planned: 12 });
    const jobs = async () => (await data.letters.look(topology)).jobs.find(({ id }) => id === job);
    const by = { actor: "mina", reason: "lunch" };
    await data.letters.ask(topology, job, "paused", by);
    await until("the replay is paused", async () => (await jobs())?.canBeResumed === true);
    assert.equal((await jobs())?.state, "paused");
    assert.equal(await data.letters.resume(topology, job, { ...by, reason: "lunch is over" }), job);
    await until("the replay has ended", async () => (await jobs())?.state === "finished");
    await assert.rejects(data.letters.resume(topology, job, by), { code: "JOB_ENDED" });
    const [resumed] = await data.deployments.operations(1);
    assert.deepEqual([resumed?.verb, resumed?.reason], ["dlq replay --resume", "lunch is over"]);
    const { resolved, failedAgain, actor, reason } = (await jobs()) ?? assert.fail("no job");
    assert.deepEqual([resolved, failedAgain, actor, reason], [11, 1, "mina", "mended"]);

    const { letters } = await data.letters.list(topology, meant);
    const left = letters.find(({ state }) => state === "open")?.id ?? assert.fail("none is open");
    const attempts = await data.letters.show(topology, left);
    assert.deepEqual(
      attempts.map(({ state }) => state),
      ["failed-again", "open"],
    );
    const value = attempts[1]?.value;
    assert.ok(value?.kind === "decoded" && value.hex.length > 0 && JSON.stringify(value.value).includes(stays));
    const act = { actor: "mina", reason: "wrong for good" };
    assert.equal(await data.letters.discard(topology, { id: left }, { ...act, undo: false }), 1);
    const [latest] = await data.deployments.operations(1);
    assert.deepEqual([latest?.verb, latest?.actor, latest?.result], ["dlq discard", "mina", "discarded"]);
  } finally {
    await live.close();
    await data.close();
  }
});
