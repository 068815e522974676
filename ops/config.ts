/** The settings of the shop beside the engine's: its database, Redis, tokens, API, outbox and data platform. */
import { z } from "zod";
import type { ProcessContext } from "../engine/app/define-app.ts";
import type { EngineConfig } from "../engine/app/config/engine-config.ts";
import { address, integer, urlWithoutUser } from "../engine/app/config/kinds.ts";
import { defineSettings, type Settings } from "../engine/app/config/settings.ts";
import { unreadableFiles } from "../engine/connect/tls.ts";
import { readDatabaseAddress } from "../stores/mysql/address.ts";
import { readRedisAddress } from "../stores/redis/address.ts";

/** The variables. */
export const shopVariables = {
  SLUICE_DATABASE_URL: address(readDatabaseAddress),
  SLUICE_REDIS_URL: address(readRedisAddress),
  /** HMAC key of bearer tokens, at least 32 bytes. */
  SLUICE_TOKEN_SECRET: z.string().refine((s) => Buffer.byteLength(s) >= 32, "expected at least 32 bytes"),
  SLUICE_API_HOST: z.string().min(1).default("127.0.0.1"),
  /** 0 takes any free port. */
  SLUICE_API_PORT: integer(0, 65_535, 8080),
  /** Time between two looks at the gate; a counter that differs from the database twice running is set right. 0: never. */
  SLUICE_RECONCILE_INTERVAL_MS: integer(0, 3_600_000, 1_000),
  /** `yes` leaves leases and upkeep out, for measuring what they cost; refused in production. */
  SLUICE_UNFENCED: z.enum(["yes", "no"]).default("no"),
  /** Requests queued or unacknowledged above which the API answers 503. */
  SLUICE_API_MAX_BACKLOG: integer(1, 1_000_000, 20_000),
  /** Where external-data posts payments to; required by no other. */
  SLUICE_PLATFORM_URL: urlWithoutUser(["http:", "https:"]).optional(),
  /** Requests to the platform in flight, of one process. */
  SLUICE_PLATFORM_CONCURRENCY: integer(1, 1_000, 64),
  /** How long one of them may take in all; under the drain, so that a worker that stops knows how they ended. */
  SLUICE_PLATFORM_TIMEOUT_MS: integer(100, 10_000, 5_000),
  /** Payments waiting for their transaction above which the API answers 503. */
  SLUICE_API_MAX_PAYMENTS: integer(1, 100_000, 5_000),
  /** How long the outbox keeps what is published, to compare it with what the log has. */
  SLUICE_OUTBOX_KEPT_HOURS: integer(1, 8_760, 24),
  /** How long idempotency keys are remembered; clients are promised a day. */
  SLUICE_KEYS_KEPT_HOURS: integer(24, 8_760, 168),
};

/** How the shop's processes read their configuration. */
export const shopSettings: Settings<Config> = defineSettings({
  settings: shopVariables,
  secrets: ["SLUICE_TOKEN_SECRET", "SLUICE_DATABASE_URL", "SLUICE_REDIS_URL"],
  developmentOnly: { SLUICE_TOKEN_SECRET: "development-only-token-secret-of-sluice" },
  refusedInProduction: { SLUICE_UNFENCED: { value: "yes", why: "workers that are not fenced" } },
  ignored: ["SLUICE_STACK"],
  conflicts: (s, readFile) => [
    ...unreadableFiles(readDatabaseAddress(s.SLUICE_DATABASE_URL).tls?.files ?? {}, readFile).map(
      (problem) => `SLUICE_DATABASE_URL: ${problem}`,
    ),
    ...unreadableFiles(readRedisAddress(s.SLUICE_REDIS_URL).tls ?? {}, readFile).map(
      (problem) => `SLUICE_REDIS_URL: ${problem}`,
    ),
    ...(s.SLUICE_PLATFORM_URL !== undefined && s.SLUICE_PLATFORM_TIMEOUT_MS >= s.SLUICE_DRAIN_MS
      ? [
          "SLUICE_PLATFORM_TIMEOUT_MS: expected less than SLUICE_DRAIN_MS, or a worker that stops leaves requests in doubt",
        ]
      : []),
  ],
  toConfig: (s) => ({
    databaseUrl: s.SLUICE_DATABASE_URL,
    redisUrl: s.SLUICE_REDIS_URL,
    tokenSecret: Buffer.from(s.SLUICE_TOKEN_SECRET),
    api: {
      host: s.SLUICE_API_HOST,
      port: s.SLUICE_API_PORT,
      maxBacklogRecords: s.SLUICE_API_MAX_BACKLOG,
      maxWaitingPayments: s.SLUICE_API_MAX_PAYMENTS,
    },
    outboxKeptMs: s.SLUICE_OUTBOX_KEPT_HOURS * 3_600_000,
    keysKeptMs: s.SLUICE_KEYS_KEPT_HOURS * 3_600_000,
    reconcileIntervalMs: s.SLUICE_RECONCILE_INTERVAL_MS,
    unfenced: s.SLUICE_UNFENCED === "yes",
    platform: {
      url: s.SLUICE_PLATFORM_URL,
      concurrency: s.SLUICE_PLATFORM_CONCURRENCY,
      timeoutMs: s.SLUICE_PLATFORM_TIMEOUT_MS,
    },
  }),
});

/** A validated configuration of the shop. */
export interface Config extends EngineConfig {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly tokenSecret: Buffer;
  readonly api: {
    readonly host: string;
    readonly port: number;
    readonly maxBacklogRecords: number;
    readonly maxWaitingPayments: number;
  };
  readonly outboxKeptMs: number;
  readonly keysKeptMs: number;
  readonly reconcileIntervalMs: number;
  /** Leases and upkeep are left out. */
  readonly unfenced: boolean;
  readonly platform: {
    readonly url: string | undefined;
    readonly concurrency: number;
    readonly timeoutMs: number;
  };
}

/** What the shop's processes are started with. */
export type ShopContext = ProcessContext<Config>;

/** See `Settings.read`. @throws InvalidConfig */
export const readConfig: (
  env: Readonly<Record<string, string | undefined>>,
  readFile: (path: string) => string,
) => Config = shopSettings.read;
