/** `npm run proofs -- dlq`: letters of five kinds replayed past killed runners and workers, on a real stack; every one accounted for. */
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type StackChild, startOnStack } from "../../../dev/children.ts";
import { type Platform, startPlatform } from "../../../dev/platform/stand-in.ts";
import { stackDown } from "../../../dev/stack/down.ts";
import { endpointsEnv, type StackEndpoints } from "../../../dev/stack/endpoints.ts";
import { stackUp } from "../../../dev/stack/up.ts";
import { applyApp } from "../../../engine/app/apply.ts";
import { jsonDocument, note, print, printJson } from "../../../engine/app/cli.ts";
import { type KafkaAdmin, kafkaAdmin } from "../../../engine/log/kafka/admin/admin.ts";
import { deadLetterTopic } from "../../../engine/worker/round/dead-letter.ts";
import { type Config, readConfig } from "../../../ops/config.ts";
import { couponIssueRequests } from "../../../schemas/coupon.ts";
import { paymentsCompleted } from "../../../schemas/payment.ts";
import { app } from "../../../sluice.config.ts";
import { type Database, openDatabase } from "../../../stores/mysql/database.ts";
import { sluice } from "./commands.ts";
import { readRetries, readStates, recordsOf } from "./facts.ts";
import { type Claim, equal, judgeEffects, judgeLetters, type KindJudged } from "./judge.ts";
import { fates, lettersPerKind, type TopologyName, topologies } from "./kinds.ts";
import { laterSchemas, makePayments, makeRequests, registerLater, writeRecords } from "./records.ts";
import { type Replayed, replayUnderKills } from "./replaying.ts";
import { openCoupons, payOrders, plantRows, readEffects, unplantRows } from "./shop.ts";

const stackName = "proof-dlq";
/** Runners and workers that are killed of each topology: 20 and 10 in all. */
const kills: Readonly<Record<TopologyName, { readonly runners: number; readonly workers: number }>> = {
  "coupon-issuing": { runners: 7, workers: 4 },
  "transaction-history": { runners: 7, workers: 3 },
  "external-data": { runners: 6, workers: 3 },
};

/** What was found. */
interface Report {
  readonly letters: number;
  readonly replays: readonly Omit<Replayed, "worker">[];
  readonly kinds: readonly KindJudged[];
  readonly claims: readonly Claim[];
  /** `sluice dlq groups` of each topology. */
  readonly groups: readonly { readonly topology: TopologyName; readonly tookMs: number; readonly peakMb: number }[];
  readonly tookMs: Readonly<Record<string, number>>;
  readonly held: boolean;
}

/** Runs the proof; answers whether everything held. */
export const proveDlq = async (signal: AbortSignal): Promise<boolean> => {
  const { values } = parseArgs({
    args: process.argv.slice(3),
    options: { letters: { type: "string", default: "10000" }, json: { type: "boolean", default: false } },
  });
  const letters = Number(values.letters);
  if (!Number.isInteger(letters) || letters < 1)
    throw new RangeError(`--letters ${values.letters}: expected 1 or more`);
  note(`stack ${stackName}`);
  const endpoints = await stackUp({ name: stackName, brokers: 1, signal });
  const platform = await startPlatform();
  try {
    const report = await prove(endpoints, platform, letters, signal);
    if (values.json) printJson(jsonDocument("proof.dlq", report));
    else show(report);
    return report.held;
  } finally {
    await platform.close();
    await stackDown({ name: stackName });
  }
};

const prove = async (
  endpoints: StackEndpoints,
  platform: Platform,
  letters: number,
  signal: AbortSignal,
): Promise<Report> => {
  const env = {
    ...endpointsEnv(endpoints),
    SLUICE_PLATFORM_URL: platform.url,
    SLUICE_ACTOR: "proof",
    // A killed worker's partitions wait for this.
    SLUICE_SESSION_TIMEOUT_MS: "6000",
    SLUICE_DRAIN_MS: "3000",
    SLUICE_PLATFORM_TIMEOUT_MS: "1000",
  };
  const config = readConfig(env, () => "");
  await applyApp(app, config);
  const database = openDatabase({ databaseUrl: config.databaseUrl, poolMax: 2, poolKeptIdle: 0 });
  const admin = await kafkaAdmin({ brokers: config.brokers, clientId: "sluice-proof" });
  const workers = new Map<TopologyName, StackChild>();
  const startWorker = async (topology: TopologyName): Promise<StackChild> => {
    const worker = await startOnStack({
      ...{ stackName, endpoints, signal, env },
      command: "worker",
      args: ["--topology", topology],
      name: `${topology}-${Date.now()}`,
    });
    workers.set(topology, worker);
    return worker;
  };
  try {
    return await proveOn({ env, config, database, admin, platform, letters, startWorker, signal });
  } finally {
    await Promise.all([...workers.values()].map(({ child }) => child.stop()));
    await admin.close();
    await database.close();
  }
};

interface Site {
  readonly env: Readonly<Record<string, string>>;
  readonly config: Config;
  readonly database: Database;
  readonly admin: KafkaAdmin;
  readonly platform: Platform;
  readonly letters: number;
  readonly startWorker: (topology: TopologyName) => Promise<StackChild>;
  readonly signal: AbortSignal;
}

const proveOn = async (site: Site): Promise<Report> => {
  const { env, config, database, admin, platform, letters, startWorker } = site;
  const tookMs: Record<string, number> = {};
  const timed = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    note(what);
    const startedAt = performance.now();
    const done = await work();
    tookMs[what] = Math.round(performance.now() - startedAt);
    return done;
  };
  const requests = makeRequests(letters);
  const payments = makePayments(letters);
  const each = lettersPerKind(letters);
  const lettersOf = (topology: TopologyName): number => each * Object.keys(fates[topology]).length;
  const later = await laterSchemas(config);
  const written = await timed("records written, a third of them to become letters", async () => {
    await openCoupons(database);
    const paid = payments.flatMap(({ kind, value }) => (kind === "malformed" ? [] : [value]));
    await payOrders(database, paid);
    await plantRows(database, requests, payments);
    await platform.set({ refusedUsers: "refused" });
    return {
      requests: await writeRecords(config, couponIssueRequests, requests, later[0]),
      payments: await writeRecords(config, paymentsCompleted, payments, later[1]),
    };
  });
  const sourceOf = (topology: TopologyName) => (topology === "coupon-issuing" ? written.requests : written.payments);
  const workers = await timed("letters made by workers", async () => {
    const started = new Map<TopologyName, StackChild>();
    for (const topology of topologies) started.set(topology, await startWorker(topology));
    await untilLetters(site, lettersOf);
    return started;
  });
  const groups = await timed("groups", async () => {
    const all = [];
    for (const topology of topologies) {
      const ran = await sluice(env, "dlq", "groups", "--topology", topology);
      all.push({ topology, tookMs: ran.tookMs, peakMb: Math.round((ran.peakKb ?? Number.NaN) / 1_024) });
    }
    return all;
  });
  await unplantRows(database, payments, "planted");
  await platform.set({ refusedUsers: "refused-stays" });
  await registerLater(config, later);
  const replays: Omit<Replayed, "worker">[] = [];
  for (const topology of topologies)
    await timed(`${topology} replayed`, async () => {
      const worker = workers.get(topology);
      if (worker === undefined) throw new RangeError(`no worker of ${topology}`);
      const { worker: _, ...replayed } = await replayUnderKills({
        ...{ topology, env, worker, letters: lettersOf(topology) - each },
        runnerKills: kills[topology].runners,
        workerKills: kills[topology].workers,
        startWorker: () => startWorker(topology),
      });
      replays.push(replayed);
    });
  const claims: Claim[] = replays.flatMap((replayed) => judgeReplay(replayed, lettersOf(replayed.topology), each));
  const kinds = await timed("letters judged", async () => {
    const judged: KindJudged[] = [];
    for (const topology of topologies)
      judged.push(...judgeLetters(topology, sourceOf(topology), await readStates(env, topology), false));
    return judged;
  });
  const retries = await readRetries(admin);
  claims.push(equal("retry records", letters === 0 ? 0 : each * (4 * 3 - 3), retries.records));
  claims.push(equal("copies among retry records", 0, retries.copies));
  await timed("discarded, what failed again", async () => {
    for (const topology of topologies) {
      const args = ["--topology", topology, "--attempt", "2", "--reason", "wrong for good"];
      const { document } = await sluice(env, "dlq", "discard", ...args);
      const discarded = document?.data as { readonly letters?: number } | undefined; // Of `dlq discard`.
      claims.push(equal(`${topology}: letters discarded that failed again`, each, discarded?.letters ?? "none"));
    }
  });
  await unplantRows(database, payments, "planted-stays");
  const effects = () => readEffects(database);
  const before = { effects: await effects(), platform: new Map(platform.effects()), report: platform.report() };
  claims.push(...judgeEffects(written.requests, written.payments, before.effects, before.platform));
  claims.push(equal("refusals that nobody should have", 0, before.effects.refused.length));
  claims.push(equal("payments that took effect twice", 0, before.report.paymentsTwice));
  await timed("replayed again", async () => {
    const topics = topologies.flatMap((topology) => [deadLetterTopic(topology), `${topology}.retry`]);
    const sizes = async () => JSON.stringify(await Promise.all(topics.map((topic) => recordsOf(admin, topic))));
    const sizesBefore = await sizes();
    for (const topology of topologies) {
      const args = ["--topology", topology, "--all", "--confirm", topology, "--reason", "again", "--yes"];
      const { exitCode, document } = await sluice(env, "dlq", "replay", ...args);
      const said = `${exitCode} ${document?.errors?.map(({ code }) => code).join(" ")}`;
      claims.push(equal(`${topology}: a second full replay`, "4 NOTHING_READY", said));
    }
    claims.push(equal("records of letters and retries after it", sizesBefore, await sizes()));
    const same = JSON.stringify(await effects()) === JSON.stringify(before.effects);
    claims.push(equal("effects in the database after it", "the same", same ? "the same" : "others"));
    claims.push(equal("requests to the platform by it", 0, platform.report().requests - before.report.requests));
    for (const topology of topologies) {
      const wrong = judgeLetters(topology, sourceOf(topology), await readStates(env, topology), true);
      const off = wrong.filter(({ held }) => !held);
      claims.push({
        ...equal(`${topology}: kinds whose letters are not as planned after it`, 0, off.length),
        examples: off.flatMap(({ examples }) => examples).slice(0, 5),
      });
    }
  });
  await timed("verified", async () => {
    const { exitCode, document } = await sluice(env, "verify", "--platform", platform.controlUrl);
    const broken = document === undefined ? [] : brokenOf(document.data);
    claims.push({ ...equal("sluice verify", "exit 0", `exit ${exitCode}`), examples: broken });
  });
  const held = [...claims, ...kinds].every((claim) => claim.held);
  return { letters: each * 12, replays, kinds, claims, groups, tookMs, held };
};

const judgeReplay = (replayed: Omit<Replayed, "worker">, letters: number, each: number): readonly Claim[] => {
  const { topology, end, exitCode, sent, resolved, failedAgain, pending } = replayed;
  const { runners, workers } = kills[topology];
  const ready = letters - each;
  return [
    equal(`${topology}: runners killed`, runners, replayed.runnersKilled),
    equal(`${topology}: workers killed`, workers, replayed.workersKilled),
    equal(`${topology}: the last runner's end`, "done 6", `${end} ${exitCode}`),
    equal(
      `${topology}: sent, resolved, failed again, pending`,
      `${ready} ${ready - each} ${each} 0`,
      `${sent} ${resolved} ${failedAgain} ${pending}`,
    ),
  ];
};

interface VerifiedSubject {
  readonly checks: readonly {
    readonly claim: string;
    readonly broken: number;
    readonly pending: number;
    readonly examples: readonly string[];
  }[];
}

const brokenOf = (data: unknown): readonly string[] =>
  // Of `verify`.
  Object.values(data as Readonly<Record<string, VerifiedSubject>>).flatMap(({ checks }) =>
    checks
      .filter(({ broken, pending }) => broken + pending > 0)
      .map(
        ({ claim, broken, pending, examples }) =>
          `${claim}: ${broken} broken, ${pending} pending ${examples.join("; ")}`,
      ),
  );

/** Waits until every group is at the end of its source, and all letters are there. */
const untilLetters = async (
  { admin, config, signal }: Site,
  lettersOf: (topology: TopologyName) => number,
): Promise<void> => {
  for (const topology of topologies) {
    const source = topology === "coupon-issuing" ? couponIssueRequests.name : paymentsCompleted.name;
    const deadlineAt = Date.now() + 180_000;
    for (;;) {
      const [ends, committed, letters] = [
        await admin.endOffsets(source),
        await admin.committedOffsets(`${config.groupPrefix}.${topology}`, source),
        await recordsOf(admin, deadLetterTopic(topology)),
      ];
      const left = ends.reduce((sum, end, at) => sum + Number(end - (committed[at] ?? 0n)), 0);
      if (left === 0 && letters >= lettersOf(topology)) break;
      if (Date.now() > deadlineAt)
        throw new Error(`${topology}: ${left} records left, ${letters} of ${lettersOf(topology)} letters`);
      await sleep(200, undefined, { signal });
    }
  }
};

const table = (head: readonly string[], rows: readonly (readonly (string | number)[])[]): void => {
  for (const row of [head, head.map(() => "---"), ...rows]) print(`| ${row.join(" | ")} |`);
  print("");
};

const show = ({ letters, replays, kinds, claims, groups, tookMs, held }: Report): void => {
  print(`## ${letters} letters replayed\n`);
  table(
    [
      "topology",
      "runners killed",
      "before their job",
      "workers killed",
      "sent",
      "resolved",
      "failed again",
      "pending",
      "copies",
      "s",
    ],
    replays.map((one) => [
      ...[one.topology, one.runnersKilled, one.killedBeforeTheirJob, one.workersKilled, one.sent, one.resolved],
      ...[one.failedAgain, one.pending, one.copies, Math.round(one.tookMs / 1_000)],
    ]),
  );
  print("## What became of each record\n");
  table(
    ["topology", "kind", "states of its attempts", "records", "as planned"],
    kinds.map(({ topology, kind, claim, expected, got, examples }) => [
      ...[topology, kind, claim.split(": ").at(-1) ?? "", expected],
      got === expected ? "all" : `${got}: ${examples.join("; ")}`,
    ]),
  );
  print("## Claims\n");
  table(
    ["claim", "expected", "found", "held"],
    claims.map(({ claim, expected, got, held: isHeld, examples }) => [
      ...[claim, expected, got],
      isHeld ? "yes" : `NO ${examples.join("; ")}`,
    ]),
  );
  table(
    ["sluice dlq groups", "ms", "peak RSS, MB"],
    groups.map((one) => [one.topology, one.tookMs, one.peakMb]),
  );
  table(["step", "ms"], Object.entries(tookMs));
  print(held ? "Everything held." : "NOT everything held.");
};
