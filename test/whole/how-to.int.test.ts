/**
 * The pages of docs/how-to are done as they say, on a stack of this file's own: what a page changes is changed in a copy of the
 * tree, and its commands run there.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, test } from "node:test";
import { repositoryRoot } from "../../dev/stack/layout.ts";
import { kafkaLog } from "../../engine/log/kafka/kafka-log.ts";
import { silentLogger } from "../../engine/logger.ts";
import { type Release, releaseAt, releaseFrom, removeRelease } from "../proofs/evolve/release.ts";
import { couponTraffic } from "../testing/coupon-traffic.ts";
import { readPage } from "../testing/documents.ts";
import { ownStack } from "../testing/own-stack.ts";
import { pageCommands, pageShell, succeeds } from "../testing/page-commands.ts";
import { diffsOf } from "../testing/page-diffs.ts";
import { stackUnderTest, until } from "../testing/stack-under-test.ts";

const stack = stackUnderTest({ own: await ownStack("how-to") });
const { endpoints, config, stopAll } = stack;
const { signal } = new AbortController();
const timeout = 300_000;
const base = releaseAt("base", repositoryRoot);
const releases: Release[] = [];
const folder = await mkdtemp(join(tmpdir(), "sluice-how-to-"));

afterEach(stopAll);
after(async () => {
  for (const release of releases) await removeRelease(release);
  await rm(folder, { recursive: true, force: true });
});

const which = (tool: string): boolean => spawnSync("which", [tool]).status === 0;

type Env = Readonly<Record<string, string>>;
const shellOf = ({ root }: Release) => pageShell({ endpoints, folder: root === repositoryRoot ? folder : root, root });

/** A copy of a release with what a page changes; `hunks` of its diffs, all by default. It can be checked and tested. */
const changedBy = async (page: string, from: Release, hunks?: number): Promise<Release> => {
  const release = await releaseFrom(from, page, diffsOf(readPage(`docs/how-to/${page}.md`)).slice(0, hunks));
  releases.push(release);
  for (const part of ["tsconfig.json", "test", "examples", "docs", "deploy", "engine/package.json"])
    await cp(join(repositoryRoot, part), join(release.root, part), { recursive: true });
  return release;
};

const start = ({ script }: Release, command: "api" | "worker", env: Env = {}, args: readonly string[] = []) =>
  stack.start({ command, name: `how-to-${command}`, env, args, script });

/** Blocks of a page in a release; each has to succeed. */
const pageOf = (name: string) => {
  const commands = pageCommands(`docs/how-to/${name}.md`);
  const run = (release: Release, block: string, env?: Env) => shellOf(release).run(commands.take(block), env);
  return { ...commands, run, done: () => assert.deepEqual(commands.left(), [], "blocks that were not run") };
};

const traffic = couponTraffic(config.tokenSecret, signal);
/** Until requests are decided, verify says that they are pending. */
const untilVerified = (coupons = ""): Promise<void> =>
  until("verify says that all agree", () =>
    succeeds(shellOf(base).run(`sluice verify coupons --coupons "${coupons}"`)),
  );

const appendBytes = async (topic: string, text: string): Promise<void> => {
  const log = kafkaLog({ brokers: endpoints.brokers, clientId: "how-to", logger: silentLogger });
  await log.append({ topic, partition: 0 }, [{ key: Buffer.from("k"), value: Buffer.from(text) }]).finally(log.close);
};

test("how-to: adds a topology, then a step to it, when the two pages are followed", { timeout }, async () => {
  const topology = pageOf("add-a-topology");
  const withTopology = await changedBy("add-a-topology", base);
  assert.match(await topology.run(withTopology, "test"), /1 passed, 0 failed/);
  assert.match(await topology.run(withTopology, "deploy"), /payment-notice[\s\S]*payment-noticing/);
  assert.equal(topology.take("run").trim(), "sluice worker --topology payment-noticing");
  await start(withTopology, "worker", {}, ["--topology", "payment-noticing"]);
  await stopAll();
  topology.done();

  const step = pageOf("add-a-step");
  const withStep = await changedBy("add-a-step", withTopology);
  assert.match(await step.run(withStep, "test"), /1 passed, 0 failed/);
  assert.match(await step.run(withStep, "deploy"), /\+ choose-large/);
  await start(withStep, "worker", {}, ["--topology", "payment-noticing"]);
  step.done();
});

test("how-to: adds a field, rolls it out by a saved plan, and goes back", { timeout }, async () => {
  const field = pageOf("add-a-field");
  const roll = pageOf("roll-out-and-back");
  const withField = await changedBy("add-a-field", base);
  assert.match(await field.run(withField, "check"), /channel/);
  await field.run(withField, "evolve");
  const planned = await roll.run(withField, "plan");
  assert.match(planned, /coupon-issuing/);
  const [, number = ""] = /deployed (\d+) by /.exec(planned) ?? [];
  await roll.run(withField, "apply");
  assert.match(await field.run(withField, "deploy"), /Nothing to do|nothing/i);
  field.done();

  // The graph before is accepted meanwhile: both run, and what the new one writes the old one reads.
  await start(base, "worker");
  const api = await start(withField, "api");
  await traffic.openCoupon(api.url, "field");
  await traffic.burst(api.url, "field", "");
  await stopAll();
  assert.match(await roll.run(withField, "look"), /^deployment [0-9]+ by .*[\s\S]*coupon-issuing/);
  assert.match(await roll.run(base, "back", { NUMBER: number }), /topology rollback/);
  await start(base, "worker");
  roll.done();
});

test("how-to: replays what a wrong secret dead-lettered, and rewinds the group", { timeout }, async () => {
  const replay = pageOf("replay-dead-letters");
  const { openCoupon, burst } = traffic;
  const api = await start(base, "api");
  const wrong = await start(base, "worker", { SLUICE_TOKEN_SECRET: "another secret, of at least thirty-two bytes" });
  await openCoupon(api.url, "replayed");
  const asked = burst(api.url, "replayed", "");
  // Ten clients, each of which waits for its verdict.
  await until("there are letters", async () => / 10 +10 .*WRONG_RECORD/.test(await replay.run(base, "groups")));
  await wrong.child.stop();
  await start(base, "worker");
  assert.match(await replay.run(base, "plan"), /ready/);
  await replay.run(base, "replay");
  await asked;
  await appendBytes("coupon-issue", "no request");
  await until("it is a letter", () => succeeds(replay.run(base, "discard")));
  await untilVerified();
  await replay.run(base, "verify");
  replay.done();

  const rewind = pageOf("rewind-a-group");
  await stopAll();
  await rewind.run(base, "rewind", { SINCE: new Date(Date.now() - 3_600_000).toISOString().slice(0, -1) });
  await start(base, "worker");
  await untilVerified();
  await rewind.run(base, "verify");
  rewind.done();
});

test("how-to: rotates the token secret, and loses no token and no request", { timeout }, async () => {
  const rotate = pageOf("rotate-the-token-secret");
  const former = "the former secret, of at least thirty-two bytes";
  await writeFile(join(folder, "token-secret"), former);
  const unaware = await start(base, "worker", { SLUICE_TOKEN_SECRET: former });
  const old = await start(base, "api", { SLUICE_TOKEN_SECRET: former });
  const byFormer = couponTraffic(Buffer.from(former), signal);
  await byFormer.openCoupon(old.url, "rotated");
  await byFormer.burst(old.url, "rotated", "before-");
  await rotate.run(base, "make");
  assert.match(await rotate.run(base, "look"), /SLUICE_TOKEN_SECRET_FORMER +\(secret, \d+ bytes\) +file/);

  const both = {
    SLUICE_TOKEN_SECRET_FILE: join(folder, "token-secret"),
    SLUICE_TOKEN_SECRET_FORMER_FILE: join(folder, "token-secret.former"),
  };
  // Workers are restarted first: one that knows the former secret alone would issue nothing for ids made with the new one.
  await unaware.child.stop();
  await start(base, "worker", both);
  await byFormer.burst(old.url, "rotated", "meanwhile-");
  await old.child.stop();
  const api = await start(base, "api", both);
  const secret = (await readFile(join(folder, "token-secret"), "utf8")).trim();
  await byFormer.burst(api.url, "rotated", "still-");
  await couponTraffic(Buffer.from(secret), signal).burst(api.url, "rotated", "after-");
  assert.doesNotMatch(await rotate.run(base, "left"), /WRONG_RECORD +\S+ ago +[0-4] s ago/);
  rotate.done();
  await untilVerified("rotated");
});

test("how-to: has twelve partitions in place of six when a topic is drained and another takes its place", {
  timeout,
}, async () => {
  const grow = pageOf("grow-a-topic");
  const refused = await changedBy("grow-a-topic", base, 1);
  assert.match(await grow.run(refused, "refused"), /% of keys would move/);
  await start(base, "worker");
  await untilVerified();
  await grow.run(base, "drained");
  await stopAll();
  const grown = await changedBy("grow-a-topic", base);
  assert.match(await grow.run(grown, "deploy"), /coupon-issue-12/);
  const [api] = await Promise.all([start(grown, "api"), start(grown, "worker")]);
  await traffic.openCoupon(api.url, "grown");
  await traffic.burst(api.url, "grown", "");
  await grow.run(grown, "verify", { SINCE_THEN: "grown" });
  grow.done();
});

test("how-to: renders what Kubernetes is given", {
  timeout,
  skip: which("kubectl") ? false : "kubectl is not installed",
}, async () => {
  const kubernetes = pageOf("run-on-kubernetes");
  const inTree = pageShell({ endpoints, folder: repositoryRoot });
  assert.match(await inTree.run(kubernetes.take("render")), /kind: StatefulSet/);
  kubernetes.done();
});

test("how-to: measures, and verifies one coupon", { timeout }, async () => {
  const load = pageOf("load-test");
  const inTree = pageShell({ endpoints, folder: repositoryRoot });
  assert.match(await inTree.run(load.take("help")), /latency/);
  await inTree.run(load.take("verify"), { COUPON: "replayed" });
  load.done();
});
