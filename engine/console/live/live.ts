/** Looks at what runs once a second, for as long as somebody watches, and remembers a quarter of an hour. */
import pLimit from "p-limit";
import type { Clock } from "../../clock.ts";
import type { ListedProcess } from "../../deploy/processes.ts";
import type { HistoryDocument, LiveDocument } from "../documents.ts";
import { type Described, describeLive, type LookedAt, type Standing } from "./describe.ts";

/** What is looked at. */
export interface LiveSources {
  readonly described: Omit<Described, "deployed" | "standing">;
  /** Undefined where the application keeps no list of them. @throws where the store is away: those of the look before are asked again */
  readonly processes: (() => Promise<readonly ListedProcess[]>) | undefined;
  /** The deployed hash of each topology. @throws where the store is away */
  readonly deployed: () => Promise<ReadonlyMap<string, string>>;
  /** Where each topology stands in the log. @throws where brokers are away; asked for beside the looks, which do not wait for it */
  readonly standing?: () => Promise<ReadonlyMap<string, Standing>>;
  /** Never rejects. */
  readonly ask: (process: ListedProcess, now: () => number) => Promise<LookedAt>;
}

/** A look that goes on. */
export interface Live {
  /** The latest picture; looks for it where nobody has watched lately. */
  readonly latest: () => Promise<LiveDocument>;
  /** Calls `see` with every picture, the latest at once, until the answered function is called. */
  readonly watch: (see: (document: LiveDocument) => void) => () => void;
  readonly history: () => HistoryDocument;
  /** Ends the looks. */
  readonly close: () => Promise<void>;
}

/** Between two looks, ms. */
const everyMs = 1_000;
/** Between two looks at what is deployed, and at where topologies stand in the log, in looks. */
const otherwiseEvery = 10;
/** It goes on for so many looks after the last one who watched: whoever reloads a page has its rates at once. */
const lingerLooks = 60;
/** Points that are remembered: 15 minutes of them. */
const mostPoints = 900;
/** Processes that are asked at once: each answer may be some MB. */
const mostAsked = 50;

interface Point {
  readonly at: number;
  readonly recordsPerSecond: Readonly<Record<string, number>>;
  readonly lagRecords: Readonly<Record<string, number>>;
}

/** An application of one's own has this list once it gives a store of it. */
const notListed =
  "this application keeps no list of its processes (`processes` of `defineApp`), so workers, what they have in flight and their health " +
  "are not known here: sluice topology status shows the members of each group";

/** Nothing is looked at before somebody watches. */
export const createLive = (sources: LiveSources, clock: Clock): Live => {
  const watchers = new Set<(document: LiveDocument) => void>();
  const closing = new AbortController();
  const look = createLook(sources, clock);
  let points: readonly Point[] = [];
  let latest: LiveDocument | undefined;
  let running: Promise<void> | undefined;
  const run = async (): Promise<void> => {
    for (let idle = 0; idle < lingerLooks && !closing.signal.aborted; idle += 1) {
      const startedAt = clock.now();
      latest = await look();
      // The first look has nothing before it that its rates could be taken from.
      if (idle > 0 || points.length > 0) points = [...points, pointOf(latest)].slice(-mostPoints);
      for (const see of watchers) see(latest);
      if (watchers.size > 0) idle = 0;
      await clock.sleep(Math.max(0, everyMs - (clock.now() - startedAt)), closing.signal);
    }
    latest = undefined;
    running = undefined;
  };
  const start = (): void => {
    running ??= run();
  };
  return {
    latest: async () => {
      start();
      return (
        latest ??
        new Promise((resolve) => {
          const see = (document: LiveDocument): void => {
            watchers.delete(see);
            resolve(document);
          };
          watchers.add(see);
        })
      );
    },
    watch: (see) => {
      watchers.add(see);
      if (latest !== undefined) see(latest);
      start();
      return () => void watchers.delete(see);
    },
    history: () => historyOf(points),
    close: async () => {
      closing.abort();
      await running;
    },
  };
};

/** One look after another: each remembers the one before, for rates and for what is away. */
const createLook = ({ described, processes, deployed, standing, ask }: LiveSources, clock: Clock) => {
  const standings = followStanding(standing);
  const asks = pLimit(mostAsked);
  let before: readonly LookedAt[] = [];
  let listed: readonly ListedProcess[] = [];
  let hashes: ReadonlyMap<string, string> = new Map();
  let looks = 0;
  return async (): Promise<LiveDocument> => {
    const away: string[] = [];
    const orBefore = async <T>(instead: T, what: string, read: () => Promise<T>): Promise<T> => {
      try {
        return await read();
      } catch (error) {
        away.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
        return instead;
      }
    };
    if (processes === undefined) away.push(notListed);
    else listed = await orBefore(listed, "the list of processes cannot be read", processes);
    if (looks % otherwiseEvery === 0) {
      hashes = await orBefore(hashes, "what is deployed cannot be read", deployed);
      standings.lookAgain();
    }
    looks += 1;
    const now = await orBefore<readonly LookedAt[]>([], "processes cannot be asked", () =>
      Promise.all(listed.map((process) => asks(ask, process, clock.now))),
    );
    const found = standings.latest();
    away.push(...found.away);
    const known = { ...described, deployed: hashes, standing: found.standing };
    const [atMs, last] = [clock.now(), before];
    before = now;
    const nothing: LiveDocument = {
      at: atMs,
      away,
      processes: [],
      topologies: [],
      outboxes: [],
      verify: null,
      repairs: [],
      figures: [],
    };
    // Figures are the application's code: what it throws is told, as what is away is.
    return orBefore(nothing, "what runs cannot be described", async () =>
      describeLive(known, last, now, { atMs, away }),
    );
  };
};

/** Asks beside the looks, one question at a time: brokers that are away are waited for by nobody. */
const followStanding = (ask: LiveSources["standing"] = async () => new Map()) => {
  let latest: { readonly standing: ReadonlyMap<string, Standing>; readonly away: readonly string[] } = {
    standing: new Map(),
    away: [],
  };
  let asking = false;
  const look = async (): Promise<void> => {
    asking = true;
    try {
      latest = { standing: await ask(), away: [] };
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      latest = { ...latest, away: [`the log cannot be looked at: ${why}`] };
    }
    asking = false;
  };
  return {
    latest: () => latest,
    lookAgain: (): void => {
      if (!asking) void look();
    },
  };
};

const pointOf = ({ at, topologies }: LiveDocument): Point => ({
  at: Math.round(at / 1_000),
  recordsPerSecond: Object.fromEntries(topologies.map(({ name, recordsPerSecond }) => [name, recordsPerSecond])),
  lagRecords: Object.fromEntries(
    topologies.map(({ name, sources }) => [
      name,
      Object.values(sources).reduce((sum, { lagRecords }) => sum + (lagRecords ?? 0), 0),
    ]),
  ),
});

const historyOf = (points: readonly Point[]): HistoryDocument => {
  const names = Object.keys(points.at(-1)?.recordsPerSecond ?? {});
  const of = (figure: "recordsPerSecond" | "lagRecords") =>
    Object.fromEntries(names.map((name) => [name, points.map((point) => point[figure][name] ?? 0)]));
  return { at: points.map(({ at }) => at), recordsPerSecond: of("recordsPerSecond"), lagRecords: of("lagRecords") };
};
