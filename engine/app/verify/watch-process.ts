/** `sluice verify --watch` as a process: the checks of an application and its dead letters, watched until it is stopped. */
import { systemClock } from "../../clock.ts";
import { followStandings, type LetterCounts } from "../../dlq/read/follow-standings.ts";
import { kafkaAdmin } from "../../log/kafka/admin/admin.ts";
import type { EngineConfig } from "../config/engine-config.ts";
import type { App, ProcessContext, Running } from "../define-app.ts";
import { lettersOf } from "../dlq/open.ts";
import { verifyTelemetry, watchLetters } from "../metrics/verify-metrics.ts";
import type { Verification } from "./verification.ts";
import { type WatchedSubject, watchSubjects, type WatchTimes } from "./watch.ts";

/** What is watched, and how often. */
export interface VerifyWatch<Config extends EngineConfig> {
  readonly checks: readonly Verification<Config>[];
  /** Of the checks, as on the command line. */
  readonly options: Readonly<Record<string, string | undefined>>;
  readonly times: Pick<WatchTimes, "everyMs" | "fullEveryMs">;
}

/** Starts it. What it reads may be away. */
export const startVerifyWatch = async <Config extends EngineConfig>(
  app: App<Config>,
  { config, logger, registry }: ProcessContext<Config>,
  { checks, options, times }: VerifyWatch<Config>,
): Promise<Running> => {
  const followed = await Promise.all(checks.map((check) => followedCheck(check, { config, options })));
  const letters = await openLetters(app, config);
  watchLetters(registry, letters.counts);
  const watching = watchSubjects({
    subjects: [...followed.map(({ watched }) => watched), letters.watched],
    times: { ...times, graceMs: config.holdGraceMs },
    clock: systemClock,
    logger,
    telemetry: verifyTelemetry(registry),
  });
  return {
    listedAs: { kind: "verify" },
    ready: watching.ready,
    ended: new Promise(() => {}),
    stop: async () => {
      await watching.stop();
      await Promise.all([...followed, letters].map(({ close }) => close()));
    },
  };
};

/** Something watched, and how it is closed. */
interface Followed {
  readonly watched: WatchedSubject;
  readonly close: () => Promise<void>;
}

const followedCheck = async <Config extends EngineConfig>(
  { subject, run, follow }: Verification<Config>,
  { config, options }: { readonly config: Config; readonly options: VerifyWatch<Config>["options"] },
): Promise<Followed> => {
  const follower = await follow?.(config);
  return {
    watched: {
      subject,
      full: async () => (await run(config, options)).checks,
      ...(follower === undefined ? {} : { newer: follower.look }),
    },
    close: async () => follower?.close(),
  };
};

/** Letters of every topology: what becomes of them breaks no claim, it is counted. */
const openLetters = async <Config extends EngineConfig>(
  app: App<Config>,
  config: Config,
): Promise<Followed & { readonly counts: () => ReadonlyMap<string, LetterCounts> }> => {
  const cluster = await kafkaAdmin({ brokers: config.brokers, clientId: "sluice-verify" });
  const store = await app.replays?.(config);
  const ports = { cluster, replays: store?.replays };
  const looks = app.topologies.map(({ topology: { graph } }) => {
    const of = lettersOf({ app, config }, graph.name);
    return { topology: graph.name, look: followStandings(ports, of) };
  });
  const counts = new Map<string, LetterCounts>();
  const lookAll = async (): Promise<void> => {
    for (const { topology, look } of looks) counts.set(topology, await look());
  };
  return {
    counts: () => counts,
    watched: {
      subject: "dead letters",
      full: async () => {
        await lookAll();
        return [];
      },
      newer: async () => {
        await lookAll();
        return 0;
      },
    },
    close: async () => {
      await cluster.close();
      await store?.close();
    },
  };
};
