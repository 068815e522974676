/** The settings that every application needs: brokers, registry, group, rounds, health. */
import { z } from "zod";
import type { FloodLimits } from "../../worker/failures/flood.ts";
import type { StallLimits } from "../../worker/liveness/watchdog.ts";
import type { ProcessLimits } from "../../worker/partition/limits.ts";
import type { Brokers } from "../../log/kafka/brokers.ts";
import type { Comparison } from "./comparisons.ts";
import { brokersFrom, kafkaConflicts, kafkaSettings } from "./kafka-settings.ts";
import { integer } from "./kinds.ts";
import { type TracingConfig, tracingConfigFrom, tracingSettings } from "./tracing-settings.ts";
import { registryConflicts, registrySettings, registryUrlFrom } from "./registry-settings.ts";

/** The variables. */
export const engineSettings = {
  /** `production` makes every secret and address required. */
  SLUICE_ENV: z.enum(["development", "production"]).default("development"),
  ...kafkaSettings,
  ...registrySettings,
  ...tracingSettings,
  /** Consumer groups are named `<prefix>.<topology>`. */
  SLUICE_GROUP_PREFIX: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,100}$/, "expected 1 to 100 of A-Z a-z 0-9 . _ -")
    .default("my-group"),
  /**
   * Makes the worker a static member of its group, for restarts without a rebalance: unique among its workers and kept over a
   * restart, as a stateful set's pod names are. While it is away its partitions wait, up to the session timeout.
   */
  SLUICE_GROUP_INSTANCE_ID: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,100}$/, "expected 1 to 100 of A-Z a-z 0-9 . _ -")
    .optional(),
  /** The least that is logged; log lines are JSON, on stderr. */
  SLUICE_LOG_LEVEL: z.enum(["debug", "info", "warn", "error", "silent"]).default("info"),
  /** Where /live, /ready and /metrics are; probes and scrapes of a container come from outside, so there `0.0.0.0`. */
  SLUICE_HEALTH_HOST: z.string().min(1).default("127.0.0.1"),
  /** Its port; 0 takes any free one. */
  SLUICE_HEALTH_PORT: integer(0, 65_535, 0),
  /** Records in one round, at most. Measured 2026-11 on 2 cores: see docs/benchmarks.md. */
  SLUICE_MAX_ROUND: integer(1, 10_000, 2_000),
  /** Rounds of one partition side by side, with disjoint keys, and one round ahead of its turn. */
  SLUICE_ROUND_CONCURRENCY: integer(1, 32, 2),
  /** Lanes side by side within a round, in steps that decide one by one. */
  SLUICE_LANE_CONCURRENCY: integer(1, 1_000, 32),
  /** Unfinished records of a process; its partitions have even shares, and are paused above them. Four times as many may wait behind keys that are held (docs/adr/0015-what-waits-behind-a-held-key.md). */
  SLUICE_MAX_UNFINISHED: integer(1, 1_000_000, 24_000),
  /** Attempts at a retriable failure, before the round is isolated and its record dead-lettered as in doubt. */
  SLUICE_MAX_ATTEMPTS: integer(1, 100, 5),
  /** How long a dependency may be away before the worker is not ready. */
  SLUICE_HOLD_GRACE_MS: integer(0, 3_600_000, 10_000),
  /** More dead letters than this, of the latest 1,000 records of a partition, hold it; 100 lets all through. */
  SLUICE_DEAD_LETTER_PERCENT: integer(1, 100, 50),
  /** How long a call may give no answer, and nothing come of it, before the worker is not ready. */
  SLUICE_STALL_UNREADY_MS: integer(1_000, 3_600_000, 30_000),
  /** The same, before the worker ends, with exit code 1. Any process whose event loop is blocked for so long ends, too. */
  SLUICE_STALL_END_MS: integer(1_000, 3_600_000, 120_000),
  /** Between two commits of a partition's offset. */
  SLUICE_COMMIT_INTERVAL_MS: integer(50, 60_000, 1_000),
  /** Longest drain before a partition is given back; under the session timeout and under a process's time to stop. */
  SLUICE_DRAIN_MS: integer(100, 60_000, 10_000),
  /** How long a worker may be silent before its partitions are given to others; of a static member, how long a restart may take. */
  SLUICE_SESSION_TIMEOUT_MS: integer(6_000, 300_000, 30_000),
};

/** The values of {@link engineSettings}. */
export type EngineSettings = z.infer<z.ZodObject<typeof engineSettings>>;

/** A second signal, or a process that takes longer than this to stop, ends it at once: what is unfinished comes again. */
export const stopBudgetMs = 25_000;

/** Variables of the engine that may be given as `<NAME>_FILE`: a registry's URL may hold its user and password. */
export const engineSecrets: readonly string[] = [
  "SLUICE_REGISTRY_URL",
  "SLUICE_REGISTRY_AUTH",
  "SLUICE_KAFKA_USERNAME",
  "SLUICE_KAFKA_PASSWORD",
  "OTEL_EXPORTER_OTLP_HEADERS",
];

/** What the engine makes of its settings. */
export interface EngineConfig {
  readonly environment: EngineSettings["SLUICE_ENV"];
  readonly brokers: Brokers;
  /** With the credentials that it is asked with, where there are any. */
  readonly registryUrl: string;
  readonly groupPrefix: string;
  readonly groupInstanceId: string | undefined;
  readonly logLevel: EngineSettings["SLUICE_LOG_LEVEL"];
  readonly healthHost: string;
  readonly healthPort: number;
  readonly limits: ProcessLimits;
  readonly maxAttempts: number;
  readonly holdGraceMs: number;
  readonly flood: FloodLimits;
  readonly stall: StallLimits;
  readonly commitIntervalMs: number;
  readonly drainMs: number;
  readonly sessionTimeoutMs: number;
  /** Undefined where traces are off. */
  readonly tracing: TracingConfig | undefined;
}

/** The configuration of the engine from its settings. */
export const toEngineConfig = (s: EngineSettings): EngineConfig => ({
  environment: s.SLUICE_ENV,
  brokers: brokersFrom(s),
  registryUrl: registryUrlFrom(s),
  groupPrefix: s.SLUICE_GROUP_PREFIX,
  groupInstanceId: s.SLUICE_GROUP_INSTANCE_ID,
  logLevel: s.SLUICE_LOG_LEVEL,
  healthHost: s.SLUICE_HEALTH_HOST,
  healthPort: s.SLUICE_HEALTH_PORT,
  limits: {
    maxRound: s.SLUICE_MAX_ROUND,
    // 2,000 records of 500 bytes: only larger ones make a round smaller.
    maxRoundBytes: 1_024 * 1_024,
    concurrency: s.SLUICE_ROUND_CONCURRENCY,
    laneConcurrency: s.SLUICE_LANE_CONCURRENCY,
    // More than a few rounds of one partition only make its records wait, and its commits fall behind.
    maxRecords: 4 * s.SLUICE_MAX_ROUND,
    maxBytes: 8 * 1_024 * 1_024,
    processMaxRecords: s.SLUICE_MAX_UNFINISHED,
    processMaxBytes: 32 * 1_024 * 1_024,
  },
  maxAttempts: s.SLUICE_MAX_ATTEMPTS,
  holdGraceMs: s.SLUICE_HOLD_GRACE_MS,
  // A hundred dead letters after a start are too few to tell a flood from bad luck.
  flood: { windowRecords: 1_000, minRecords: 100, maxShare: s.SLUICE_DEAD_LETTER_PERCENT / 100 },
  stall: { unreadyMs: s.SLUICE_STALL_UNREADY_MS, endMs: s.SLUICE_STALL_END_MS },
  commitIntervalMs: s.SLUICE_COMMIT_INTERVAL_MS,
  drainMs: s.SLUICE_DRAIN_MS,
  sessionTimeoutMs: s.SLUICE_SESSION_TIMEOUT_MS,
  tracing: tracingConfigFrom(s),
});

/** Mistakes that show only when settings are compared with each other, or their files are looked for. */
export const engineComparisons: readonly Comparison<EngineSettings>[] = [
  kafkaConflicts,
  registryConflicts,
  (s) =>
    s.SLUICE_DRAIN_MS >= s.SLUICE_SESSION_TIMEOUT_MS
      ? [
          "SLUICE_DRAIN_MS: expected less than SLUICE_SESSION_TIMEOUT_MS, or the group gives the partition away meanwhile",
        ]
      : [],
  (s) =>
    s.SLUICE_DRAIN_MS >= stopBudgetMs
      ? [`SLUICE_DRAIN_MS: expected less than ${stopBudgetMs}, after which a process that stops is ended`]
      : [],
  (s) =>
    s.SLUICE_STALL_UNREADY_MS > s.SLUICE_STALL_END_MS
      ? ["SLUICE_STALL_UNREADY_MS: expected at most SLUICE_STALL_END_MS, which ends the worker"]
      : [],
  (s) =>
    s.SLUICE_MAX_ROUND > s.SLUICE_MAX_UNFINISHED
      ? ["SLUICE_MAX_ROUND: expected at most SLUICE_MAX_UNFINISHED, or no round reaches it"]
      : [],
];
