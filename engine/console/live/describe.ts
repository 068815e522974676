/** What the health ports of all processes say, as one picture of what runs. Pure. */
import type { ListedProcess } from "../../deploy/processes.ts";
import type { DrawnOutbox } from "../../flow/arrows.ts";
import type { TopologyGraph } from "../../flow/graph.ts";
import type { Readiness } from "../../readiness.ts";
import { type Repair, repairsKept } from "../../repairs.ts";
import type { Hold } from "../../worker/failures/holds.ts";
import type {
  FigureDocument,
  HoldDocument,
  LiveDocument,
  OutboxDocument,
  PartitionDocument,
  ProcessDocument,
  TopologyDocument,
} from "../documents.ts";
import { flowRates } from "./flow-rates.ts";
import { describePartitions, type Said } from "./partitions.ts";
import { type Rate, ratesBetween, type Scrape } from "./rates.ts";
import { byLabel, type Labels, type Sample, sumOf } from "./samples.ts";

/** What a process's health port answered. */
export interface Answered {
  readonly ready: Readiness;
  readonly holds: readonly Hold[];
  readonly repairs: readonly Repair[];
  readonly samples: readonly Sample[];
}

/** A process that was looked at. */
export interface LookedAt {
  readonly process: ListedProcess;
  /** When, epoch ms. */
  readonly atMs: number;
  /** What it answered, or why it gave no answer. */
  readonly answer: Answered | { readonly why: string };
}

/** A figure of an application, such as the state of a circuit. Pure. */
export interface Figure {
  readonly title: string;
  /** The text to show of the samples of all processes; undefined where none serves it. */
  readonly read: (samples: readonly Sample[]) => string | undefined;
}

/** Where a topology stands in the log, whether anybody works for it or not. */
export interface Standing {
  /** Records in its topic of dead letters, whatever became of them. */
  readonly letters: number;
  /** Records that its group has not committed, by source. */
  readonly lag: Readonly<Record<string, number>>;
}

/** What is described. */
export interface Described {
  readonly topologies: readonly TopologyGraph[];
  /** How many each topic is declared with. */
  readonly partitions: ReadonlyMap<string, number>;
  readonly outboxes: readonly DrawnOutbox[];
  readonly figures: readonly Figure[];
  /** The deployed hash of each topology. */
  readonly deployed: ReadonlyMap<string, string>;
  /** By topology; those that are not known are missing. */
  readonly standing?: ReadonlyMap<string, Standing>;
}

/** Three heartbeats and a little: one or two may be late. */
export const silentAfterMs = 17_000;

/** Describes what was seen now; `before` is the look before, for rates. */
export const describeLive = (
  { topologies, partitions, outboxes, figures, deployed, standing }: Described,
  before: readonly LookedAt[],
  now: readonly LookedAt[],
  { atMs, away }: { readonly atMs: number; readonly away: readonly string[] },
): LiveDocument => {
  const rate = ratesBetween(scrapesOf(before), scrapesOf(now));
  const samples = scrapesOf(now).flatMap((scrape) => scrape.samples);
  const processes = now.map((one) => describeProcess(one, atMs)).toSorted(byKind);
  return {
    at: atMs,
    away,
    processes,
    topologies: topologies.map((graph) =>
      describeTopology(graph, {
        ...{ outboxes, samples, rate, processes },
        deployed: deployed.get(graph.name),
        standing: standing?.get(graph.name),
        partitions: describePartitions(graph, partitions, saidBy(now)),
      }),
    ),
    outboxes: outboxes.map(({ name }) => describeOutbox(name, { samples, rate, processes, now })),
    verify: describeVerify(now),
    repairs: latestRepairs(now),
    figures: figures.map(({ title, read }): FigureDocument => ({ title, text: read(samples) ?? null })),
  };
};

const saidBy = (looked: readonly LookedAt[]): readonly Said[] =>
  looked.flatMap(({ process: { host, pid }, answer }) =>
    "samples" in answer ? [{ worker: `${host}:${pid}`, samples: answer.samples }] : [],
  );

const scrapesOf = (looked: readonly LookedAt[]): readonly Scrape[] =>
  looked.flatMap(({ process, atMs, answer }) =>
    "samples" in answer ? [{ process: process.id, atMs, samples: answer.samples }] : [],
  );

const byKind = (a: ProcessDocument, b: ProcessDocument): number =>
  `${a.kind} ${a.subject ?? ""} ${a.host}`.localeCompare(`${b.kind} ${b.subject ?? ""} ${b.host}`) || a.pid - b.pid;

const describeProcess = ({ process, answer }: LookedAt, atMs: number): ProcessDocument => {
  const { startedAt: _, ...listed } = process;
  const about = { ...listed, hash: process.hash?.slice(0, 8) ?? null, upMs: Math.max(0, atMs - process.startedAt) };
  const nothing = { holds: [], partitions: [], leads: null, memoryBytes: null };
  if (!("ready" in answer)) {
    const state = process.silentMs >= silentAfterMs ? "silent" : "unreachable";
    return { ...about, ...nothing, state, why: [answer.why] };
  }
  const { ready, holds, samples } = answer;
  const leads = sumOf(samples, "sluice_outbox_leading");
  return {
    ...about,
    state: ready.ok ? (ready.degraded === undefined ? "ready" : "degraded") : "unready",
    why: ready.ok ? (ready.degraded ?? []) : ready.why,
    holds: holds.map((hold) => describeHold(hold, atMs)),
    partitions: [...byLabel(samples, "sluice_lag_records", "partition").keys()].toSorted(naturally),
    leads: leads === undefined ? null : leads > 0,
    memoryBytes: sumOf(samples, "process_resident_memory_bytes") ?? null,
  };
};

const naturally = (a: string, b: string): number => a.localeCompare(b, "en", { numeric: true });

const describeHold = ({ call, calls, who, code, message, sinceMs }: Hold, atMs: number): HoldDocument => ({
  ...{ call, calls, who: who ?? null, code, message },
  forMs: Math.max(0, atMs - sinceMs),
});

/** Those of a kind that work for a topology or an outbox, and are not silent. */
const heardOf = (processes: readonly ProcessDocument[], kind: string, subject: string): readonly ProcessDocument[] =>
  processes.filter((one) => one.kind === kind && one.subject === subject && one.state !== "silent");

/** Calls of one name that wait for one thing in several processes are one. */
const joinHolds = (holds: readonly HoldDocument[]): readonly HoldDocument[] =>
  [...Map.groupBy(holds, ({ call, code, who }) => JSON.stringify([call, code, who])).values()].flatMap((same) => {
    const longest = same.toSorted((a, b) => b.forMs - a.forMs)[0];
    return longest === undefined ? [] : [{ ...longest, calls: same.reduce((sum, { calls }) => sum + calls, 0) }];
  });

const describeTopology = (
  graph: TopologyGraph,
  {
    outboxes,
    samples,
    rate,
    processes,
    deployed,
    standing,
    partitions,
  }: {
    readonly outboxes: readonly DrawnOutbox[];
    readonly samples: readonly Sample[];
    readonly rate: Rate;
    readonly processes: readonly ProcessDocument[];
    readonly deployed: string | undefined;
    readonly standing: Standing | undefined;
    readonly partitions: readonly PartitionDocument[];
  },
): TopologyDocument => {
  const { name, sources } = graph;
  const own = { topology: name };
  const workers = heardOf(processes, "worker", name);
  const lag = byLabel(samples, "sluice_lag_records", "partition", own);
  const age = byLabel(samples, "sluice_lag_seconds", "partition", own);
  const ofTopic = (of: ReadonlyMap<string, number>, topic: string): readonly number[] =>
    [...of].flatMap(([partition, value]) => (partition.startsWith(`${topic}/`) ? [value] : []));
  const total = (metric: string): number => sumOf(samples, metric, own) ?? 0;
  return {
    name,
    workers: workers.length,
    hashes: countBy(workers.map(({ hash }) => hash ?? "?")),
    deployed: deployed?.slice(0, 8) ?? null,
    flows: flowRates(graph, outboxes, rate),
    steps: Object.fromEntries(
      Object.keys(graph.steps).map((step) => [step, rate("sluice_outcomes_total", { ...own, step })]),
    ),
    inCalls: inCallsOf(samples, own),
    recordsPerSecond: rate("sluice_round_records_sum", own),
    sources: Object.fromEntries(
      sources.map((topic) => {
        const records = ofTopic(lag, topic);
        // Without a worker nobody measures it but the log itself.
        if (records.length === 0) return [topic, { lagRecords: standing?.lag[topic] ?? null, lagSeconds: null }];
        const lagRecords = records.reduce((sum, one) => sum + one, 0);
        return [topic, { lagRecords, lagSeconds: Math.max(0, ...ofTopic(age, topic)) }];
      }),
    ),
    partitions,
    queuedRecords: total("sluice_queued_records"),
    inFlightRecords: total("sluice_in_flight_records"),
    pausedPartitions: total("sluice_paused"),
    holds: joinHolds(workers.flatMap(({ holds }) => holds)),
    deadLettersPerSecond: rate("sluice_dead_letters_total", own),
    letters: standing?.letters ?? null,
    undecidedLetters: sumOf(samples, "sluice_dead_letters_undecided", own) ?? null,
  };
};

/** Records in each call, over all workers. */
const inCallsOf = (samples: readonly Sample[], own: Labels): TopologyDocument["inCalls"] => {
  const calls = byLabel(samples, "sluice_call_records", "call", own).keys();
  return Object.fromEntries(
    [...calls].map((call) => [call, sumOf(samples, "sluice_call_records", { ...own, call }) ?? 0]),
  );
};

const countBy = (names: readonly string[]): Readonly<Record<string, number>> =>
  Object.fromEntries([...Map.groupBy(names, (name) => name)].map(([name, same]) => [name, same.length]));

const describeOutbox = (
  outbox: string,
  {
    samples,
    rate,
    processes,
    now,
  }: {
    readonly samples: readonly Sample[];
    readonly rate: Rate;
    readonly processes: readonly ProcessDocument[];
    readonly now: readonly LookedAt[];
  },
): OutboxDocument => {
  const own = { outbox };
  const relays = heardOf(processes, "relay", outbox);
  const leader = relays.find(({ leads }) => leads === true);
  // Only whoever leads looks at the table: what another one said while it led is out of date.
  const said = now.find(({ process }) => process.id === leader?.id)?.answer;
  const led = said !== undefined && "samples" in said ? said.samples : [];
  return {
    name: outbox,
    relays: relays.length,
    leader: leader === undefined ? null : `${leader.host}:${leader.pid}`,
    rowsPerSecond: rate("sluice_outbox_published_total", own),
    lagRows: sumOf(led, "sluice_outbox_lag_rows", own) ?? 0,
    lagSeconds: sumOf(led, "sluice_outbox_lag_seconds", own) ?? 0,
    setAsideRows: sumOf(samples, "sluice_outbox_set_aside_rows", own) ?? 0,
  };
};

/** Of all processes, the latest first. */
const latestRepairs = (now: readonly LookedAt[]): LiveDocument["repairs"] =>
  now
    .flatMap(({ process: { host, pid }, answer }) =>
      "repairs" in answer ? answer.repairs.map((repair) => ({ ...repair, by: `${host}:${pid}` })) : [],
    )
    .toSorted((one, other) => other.atMs - one.atMs)
    .slice(0, repairsKept);

/** Of the one that looked last. */
const describeVerify = (now: readonly LookedAt[]): LiveDocument["verify"] => {
  const watches = now.flatMap(({ process, answer }) =>
    process.kind === "verify" && "samples" in answer ? [answer.samples] : [],
  );
  const lookedAt = (samples: readonly Sample[]): number =>
    sumOf(samples, "sluice_verify_last_success_timestamp_seconds") ?? 0;
  const latest = watches.toSorted((a, b) => lookedAt(b) - lookedAt(a))[0];
  if (latest === undefined) return null;
  const seconds = lookedAt(latest);
  return {
    claims: [...byLabel(latest, "sluice_verify_violations", "check")].map(([claim, violations]) => {
      return { claim, violations };
    }),
    lastLookAt: seconds === 0 ? null : Math.round(seconds * 1_000),
  };
};
