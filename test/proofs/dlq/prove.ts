/** The proof of replays, step by step: letters are made, their causes mended, all are replayed past kills, and everything is judged. */
import { setTimeout as sleep } from "node:timers/promises";
import type { StackChild } from "../../../dev/children.ts";
import { mintWith } from "../../../dev/mint.ts";
import type { Platform } from "../../../dev/platform/stand-in.ts";
import { note } from "../../../engine/app/cli.ts";
import type { KafkaAdmin } from "../../../engine/log/kafka/admin/admin.ts";
import { lagOf } from "../../../engine/log/lag.ts";
import { deadLetterTopic } from "../../../engine/worker/round/dead-letter.ts";
import { retryTopic } from "../../../engine/worker/round/retry-record.ts";
import type { Config } from "../../../ops/config.ts";
import { type CouponIssueRequested, couponIssueRequests } from "../../../schemas/coupon.ts";
import { type PaymentCompleted, paymentsCompleted } from "../../../schemas/payment.ts";
import type { Database } from "../../../stores/mysql/database.ts";
import { sluice } from "../../../dev/run-sluice.ts";
import { brokenOf, readRetries, readStates, recordsOf } from "./facts.ts";
import { type Claim, equal, judgeEffects, judgeLetters, type KindJudged } from "./judge.ts";
import { judgeDoubts, limitEvents } from "./doubts.ts";
import { lettersOf, type TopologyName, topologies } from "./kinds.ts";
import {
  type LaterSchema,
  laterSchemas,
  makePayments,
  makeRequests,
  registerLater,
  type Written,
  writeRecords,
} from "./records.ts";
import { type Replayed, replayUnderKills } from "./replaying.ts";
import { failRows, mendRows, openCoupons, payOrders, plantRows, readEffects, unplantRows } from "./shop.ts";
import type { Report } from "./show.ts";

/** Runners and workers of a topology that are killed: its share of all, half as many workers as runners. */
const killsOf = ({ kills }: Site, topology: TopologyName): { readonly runners: number; readonly workers: number } => {
  const share = (all: number): number => Math.ceil((all - topologies.indexOf(topology)) / topologies.length);
  return { runners: share(kills), workers: share(Math.floor(kills / 2)) };
};

/** What it is proved on. */
export interface Site {
  /** For every command and worker. */
  readonly env: Readonly<Record<string, string>>;
  readonly config: Config;
  readonly database: Database;
  readonly admin: KafkaAdmin;
  readonly platform: Platform;
  /** In all, at least. */
  readonly letters: number;
  /** Runners that are killed in all, and half as many workers; 3 or more. */
  readonly kills: number;
  /** Starts a worker, and waits until it is ready. */
  readonly startWorker: (topology: TopologyName) => Promise<StackChild>;
  readonly signal: AbortSignal;
}

interface AllWritten {
  readonly requests: readonly Written<CouponIssueRequested>[];
  readonly payments: readonly Written<PaymentCompleted>[];
}

/** Proves. @throws Error where a step does not come to its end, so that nothing could be judged. */
export const proveOn = async (site: Site): Promise<Report> => {
  const { config, database, platform } = site;
  const tookMs: Record<string, number> = {};
  const timed = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    note(what);
    const startedAt = performance.now();
    const done = await work();
    tookMs[what] = Math.round(performance.now() - startedAt);
    return done;
  };
  const later = await laterSchemas(config);
  const workers = await timed("workers start", () => startWorkers(site));
  const unlimit = await limitEvents(site.admin);
  await failRows(database);
  const written = await timed("records are written", () => write(site, later));
  await timed("workers make letters", () => makeLetters(site));
  const doubts = await timed("letters in doubt are looked at", () => judgeDoubts(site.env, written));
  await unlimit();
  await mendRows(database);
  const groups = await timed("letters are grouped", () => groupAll(site));
  await unplantRows(database, written.payments, "planted");
  await platform.set({ refusedUsers: "refused-stays" });
  await registerLater(config, later);
  const replays: Replayed[] = [];
  for (const topology of topologies)
    replays.push(await timed(`${topology} is replayed`, () => replay(site, topology, workers.get(topology))));
  const claims: Claim[] = [...doubts, ...replays.flatMap((replayed) => judgeReplay(site, replayed))];
  const kinds = await timed("letters are judged", () => lettersJudged(site, written, false));
  claims.push(...(await judgeRetries(site)));
  claims.push(...(await timed("what is wrong for good is discarded", () => discard(site))));
  await unplantRows(database, written.payments, "planted-stays");
  claims.push(...(await effectsJudged(site, written)));
  claims.push(...(await timed("all is replayed again", () => replayAgain(site, written))));
  claims.push(await timed("all is verified", () => verify(site)));
  const held = [...claims, ...kinds].every((claim) => claim.held);
  const letters = topologies.reduce((sum, topology) => sum + lettersOf(site.letters, topology), 0);
  const again = { letterCopies: await letterCopies(site), requestsRepeated: platform.report().repeated };
  return { letters, replays, kinds, claims, again, groups, tookMs, held };
};

const write = async (
  { config, database, platform, letters }: Site,
  [requestsLater, paymentsLater]: readonly [LaterSchema, LaterSchema],
): Promise<AllWritten> => {
  const [requests, payments] = [makeRequests(mintWith(config), letters), makePayments(letters)];
  await openCoupons(database);
  // Malformed bytes are nobody's payment.
  const paid = payments.flatMap(({ kind, value }) => (kind === "malformed" ? [] : [value]));
  await payOrders(database, paid);
  await plantRows(database, requests, payments);
  await platform.set({ refusedUsers: "refused" });
  return {
    requests: await writeRecords(config, couponIssueRequests, requests, requestsLater),
    payments: await writeRecords(config, paymentsCompleted, payments, paymentsLater),
  };
};

/** A worker of each topology. */
const startWorkers = async (site: Site): Promise<ReadonlyMap<TopologyName, StackChild>> => {
  const workers = new Map<TopologyName, StackChild>();
  for (const topology of topologies) workers.set(topology, await site.startWorker(topology));
  return workers;
};

/** Waits until workers are at the ends of their sources and all letters are there. */
const makeLetters = async (site: Site): Promise<void> => {
  for (const topology of topologies) {
    const deadlineAt = Date.now() + 180_000;
    for (;;) {
      const [left, letters] = [
        await recordsLeft(site, topology),
        await recordsOf(site.admin, deadLetterTopic(topology)),
      ];
      if (left === 0 && letters >= lettersOf(site.letters, topology)) break;
      if (Date.now() > deadlineAt)
        throw new Error(
          `${topology}: ${left} records are left, and there are ${letters} of ${lettersOf(site.letters, topology)} letters`,
        );
      await sleep(200, undefined, { signal: site.signal });
    }
  }
};

const recordsLeft = async ({ admin, config }: Site, topology: TopologyName): Promise<number> => {
  const source = topology === "coupon-issuing" ? couponIssueRequests.name : paymentsCompleted.name;
  return Number(await lagOf(admin, `${config.groupPrefix}.${topology}`, source));
};

const groupAll = async ({ env }: Site): Promise<Report["groups"]> => {
  const all = [];
  for (const topology of topologies) {
    const ran = await sluice(env, "dlq", "groups", "--topology", topology);
    all.push({ topology, tookMs: ran.tookMs, peakMb: Math.round((ran.peakKb ?? Number.NaN) / 1_024) });
  }
  return all;
};

/** All but those that cannot be read, or that a check refuses. */
const readyOf = ({ letters }: Site, topology: TopologyName): number =>
  lettersOf(letters, topology, "resolved", "failed again");

/** Those that fail again. */
const failingOf = ({ letters }: Site, topology: TopologyName): number => lettersOf(letters, topology, "failed again");

const replay = (site: Site, topology: TopologyName, worker: StackChild | undefined): Promise<Replayed> => {
  if (worker === undefined) throw new RangeError(`no worker of ${topology}`);
  return replayUnderKills({
    ...{ topology, env: site.env, worker, letters: readyOf(site, topology) },
    runnerKills: killsOf(site, topology).runners,
    workerKills: killsOf(site, topology).workers,
    startWorker: () => site.startWorker(topology),
    sent: () => recordsOf(site.admin, retryTopic(topology)),
  });
};

const judgeReplay = (site: Site, replayed: Replayed): readonly Claim[] => {
  const { topology, end, exitCode, sent, resolved, failedAgain, pending } = replayed;
  const [ready, failing] = [readyOf(site, topology), failingOf(site, topology)];
  return [
    equal(`${topology}: runners killed`, killsOf(site, topology).runners, replayed.runnersKilled),
    equal(`${topology}: workers killed`, killsOf(site, topology).workers, replayed.workersKilled),
    equal(`${topology}: the last runner's end, and exit code`, `done ${failing === 0 ? 0 : 6}`, `${end} ${exitCode}`),
    equal(
      `${topology}: sent, resolved, failed again, pending`,
      `${ready} ${ready - failing} ${failing} 0`,
      `${sent} ${resolved} ${failedAgain} ${pending}`,
    ),
  ];
};

const lettersJudged = async (
  { env }: Site,
  { requests, payments }: AllWritten,
  isDiscarded: boolean,
): Promise<readonly KindJudged[]> => {
  const judged: KindJudged[] = [];
  for (const topology of topologies) {
    const written = topology === "coupon-issuing" ? requests : payments;
    judged.push(...judgeLetters(topology, written, await readStates(env, topology), isDiscarded));
  }
  return judged;
};

const judgeRetries = async (site: Site): Promise<readonly Claim[]> => {
  const { records, copies } = await readRetries(site.admin);
  const ready = topologies.reduce((sum, topology) => sum + readyOf(site, topology), 0);
  return [equal("retry records", ready, records), equal("copies among them", 0, copies)];
};

const discard = async (site: Site): Promise<readonly Claim[]> => {
  const claims: Claim[] = [];
  for (const topology of topologies) {
    for (const [selection, letters] of [
      [["--attempt", "2"], failingOf(site, topology)],
      [["--code", "WRONG_RECORD"], lettersOf(site.letters, topology, "refused")],
    ] as const) {
      const args = ["--topology", topology, ...selection, "--reason", "wrong for good"];
      const { document } = await sluice(site.env, "dlq", "discard", ...args);
      const data = document?.data as { readonly letters?: number } | undefined; // Of `dlq discard`; none where nothing is meant.
      claims.push(equal(`${topology}: letters discarded by ${selection.join(" ")}`, letters, data?.letters ?? 0));
    }
  }
  return claims;
};

/** Letters beside the first of an attempt: of workers that were killed before their offsets were committed. */
const letterCopies = async (site: Site): Promise<number> => {
  let copies = 0;
  for (const topology of topologies) {
    // What failed again has a second letter.
    const planned = lettersOf(site.letters, topology) + failingOf(site, topology);
    copies += (await recordsOf(site.admin, deadLetterTopic(topology))) - planned;
  }
  return copies;
};

const effectsJudged = async ({ database, platform }: Site, { requests, payments }: AllWritten) => {
  const effects = await readEffects(database);
  return judgeEffects(requests, payments, effects, platform.effects());
};

/** Replays everything once more: letters, retry records, effects and requests stay as they are. */
const replayAgain = async (site: Site, written: AllWritten): Promise<readonly Claim[]> => {
  const { env, admin, database, platform } = site;
  const topics = topologies.flatMap((topology) => [deadLetterTopic(topology), retryTopic(topology)]);
  const look = async () => ({
    sizes: (await Promise.all(topics.map((topic) => recordsOf(admin, topic)))).join(" "),
    effects: JSON.stringify(await readEffects(database)),
    requests: platform.report().requests,
  });
  const before = await look();
  const claims: Claim[] = [];
  for (const topology of topologies) {
    const args = ["--topology", topology, "--all", "--confirm", topology, "--reason", "again", "--yes"];
    const { exitCode, document } = await sluice(env, "dlq", "replay", ...args);
    const said = document?.errors?.map(({ code }) => code).join(" ");
    claims.push(equal(`${topology}: a second full replay`, "4 NOTHING_READY", `${exitCode} ${said}`));
  }
  const after = await look();
  const off = (await lettersJudged(site, written, true)).filter(({ held }) => !held);
  return [
    ...claims,
    equal("records of letters and retries after it", before.sizes, after.sizes),
    equal("effects in the database after it", "as before", before.effects === after.effects ? "as before" : "others"),
    equal("requests to the platform by it", 0, after.requests - before.requests),
    {
      ...equal("kinds whose letters are not as planned after it", 0, off.length),
      examples: off.flatMap(({ examples }) => examples).slice(0, 5),
    },
  ];
};

const verify = async ({ env, platform }: Site): Promise<Claim> => {
  const { exitCode, document } = await sluice(env, "verify", "--platform", platform.controlUrl);
  return { ...equal("sluice verify", "exit 0", `exit ${exitCode}`), examples: brokenOf(document?.data) };
};
