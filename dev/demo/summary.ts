/** What a burst came to, in numbers, and how that is shown. */
import { count, formatTable } from "../../engine/app/cli.ts";
import { noSuchCoupon, type Reply } from "./client.ts";

/** The numbers of a burst. */
export interface BurstSummary {
  readonly requests: number;
  readonly accepted: number;
  readonly issued: number;
  readonly refused: Readonly<Record<string, number>>;
  readonly undecided: number;
  /** By HTTP status. */
  readonly turnedAway: Readonly<Record<string, number>>;
  /** From sending a request to reading its verdict, over all that have one. */
  readonly latencyMs: { readonly p50: number; readonly p99: number };
  readonly seconds: number;
  /** How many were before one who followed, each time it was told. */
  readonly told: readonly number[];
  /** From the first request to the last verdict that says yes: the rest of the burst is people hearing no. */
  readonly issuedPerSecond: number;
}

/** Adds a burst up. `startedAtMs` is on the clock of `endedAtMs`; `told` is what one who followed was told. */
export const summarise = (
  replies: readonly Reply[],
  startedAtMs: number,
  told: readonly number[] = [],
): BurstSummary => {
  const decided = replies.filter(({ status }) => status === "issued" || status === "refused");
  const issued = decided.filter(({ status }) => status === "issued");
  const secondsUntil = (some: readonly Reply[]): number =>
    some.reduce((last, { endedAtMs }) => Math.max(last, endedAtMs - startedAtMs), 1) / 1_000;
  const latencies = decided.map(({ latencyMs }) => latencyMs).sort((a, b) => a - b);
  const by = (status: Reply["status"]) => countBy(replies.filter((one) => one.status === status));
  return {
    requests: replies.length,
    accepted: replies.filter(({ status, reason }) => status !== "turnedAway" && reason !== noSuchCoupon).length,
    issued: issued.length,
    refused: by("refused"),
    undecided: replies.filter(({ status }) => status === "undecided").length,
    turnedAway: by("turnedAway"),
    latencyMs: { p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99) },
    seconds: Math.round(secondsUntil(replies) * 100) / 100,
    told,
    issuedPerSecond: Math.round(issued.length / secondsUntil(issued)),
  };
};

/** The value that a share `q` (0 to 1) of sorted values does not exceed; 0 of none. */
export const quantile = (sorted: readonly number[], q: number): number =>
  Math.round((sorted[Math.max(0, Math.ceil(sorted.length * q) - 1)] ?? 0) * 10) / 10;

const countBy = (replies: readonly Reply[]): Readonly<Record<string, number>> => {
  const counts = Map.groupBy(replies, ({ reason }) => reason ?? "");
  return Object.fromEntries([...counts].map(([reason, some]) => [reason, some.length]).sort());
};

/** What the figures of a burst are figures of, for whoever has read what a worker does alone. */
export const showPace = (system: "stack" | "embedded", cores: number): string => {
  const shared = {
    stack: `Clients, brokers, database and workers share this machine's ${cores} cores`,
    embedded: "Clients and workers share one thread",
  };
  return `${shared[system]}: this shows that what comes out is right, not how fast
workers are. That is what npm run bench -- hot measures; its figures are in docs/benchmarks.md.`;
};

/** The summary as a table for people. */
export const showSummary = (s: BurstSummary): string =>
  formatTable(
    ["burst", ""],
    [
      ["requests", count(s.requests)],
      ["accepted (202)", count(s.accepted)],
      ["issued", count(s.issued)],
      ...Object.entries(s.refused).map(([reason, n]) => [`refused ${reason}`, count(n)]),
      ...Object.entries(s.turnedAway).map(([status, n]) => [`turned away (${status})`, count(n)]),
      ...(s.undecided > 0 ? [["undecided", count(s.undecided)]] : []),
      ["request to verdict, p50", `${s.latencyMs.p50} ms`],
      ["request to verdict, p99", `${s.latencyMs.p99} ms`],
      ...(s.told.length > 0 ? [["told to one who followed: before it", s.told.map(count).join(", then ")]] : []),
      ["burst", `${s.seconds} s`],
      ["issued per second, at the clients' pace", count(s.issuedPerSecond)],
    ],
    { right: [""] },
  );
