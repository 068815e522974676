/**
 * The one configuration of every process: `SLUICE_*` variables, validated together. Pure: the environment and the
 * reader of secret files are parameters. Nothing else reads the environment.
 */
import { z } from "zod";
import type { FloodLimits } from "../engine/worker/failures/flood.ts";
import type { StallLimits } from "../engine/worker/liveness/watchdog.ts";
import { CliError, exitCodes } from "../engine/app/cli.ts";

const integer = (min: number, max: number, preset: number) =>
  z
    .string()
    .regex(/^-?\d{1,15}$/, `expected an integer from ${min} to ${max}`)
    .transform(Number)
    .refine((n) => n >= min && n <= max, `expected an integer from ${min} to ${max}`)
    .default(preset);

const url = (protocols: readonly string[]) =>
  z.string().refine(
    (text) => {
      const parsed = URL.parse(text);
      return parsed !== null && protocols.includes(parsed.protocol);
    },
    `expected a URL that begins with ${protocols.map((p) => `${p}//`).join(" or ")}`,
  );

const withoutUser = (text: string): boolean => {
  const parsed = URL.parse(text);
  return parsed === null || (parsed.username === "" && parsed.password === "");
};

const isHostPort = (text: string): boolean => {
  const port = /^[A-Za-z0-9._-]+:(\d{1,5})$/.exec(text)?.[1];
  return port !== undefined && Number(port) >= 1 && Number(port) <= 65_535;
};

/** Development only: everybody knows it, so a production process refuses it. */
const developmentSecret = "development-only-token-secret-of-sluice";

const settings = z.strictObject({
  /** `production` makes every secret and address required. */
  SLUICE_ENV: z.enum(["development", "production"]).default("development"),
  SLUICE_BROKERS: z
    .string()
    .transform((text) => text.split(",").map((broker) => broker.trim()))
    .refine((brokers) => brokers.every(isHostPort), "expected host:port, separated by commas"),
  SLUICE_REGISTRY_URL: url(["http:", "https:"]),
  SLUICE_DATABASE_URL: url(["mysql:", "mariadb:"]),
  SLUICE_REDIS_URL: url(["redis:", "rediss:"]),
  /** HMAC key of bearer tokens, at least 32 bytes. */
  SLUICE_TOKEN_SECRET: z.string().refine((s) => Buffer.byteLength(s) >= 32, "expected at least 32 bytes"),
  /** Consumer groups are named `<prefix>.<topology>`. */
  SLUICE_GROUP_PREFIX: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,100}$/, "expected 1 to 100 of A-Z a-z 0-9 . _ -")
    .default("my-group"),
  SLUICE_LOG_LEVEL: z.enum(["debug", "info", "warn", "error", "silent"]).default("info"),
  SLUICE_API_HOST: z.string().min(1).default("127.0.0.1"),
  /** 0 takes any free port. */
  SLUICE_API_PORT: integer(0, 65_535, 8080),
  /** Where /live, /ready and /metrics are, on loopback; 0 takes any free port. */
  SLUICE_HEALTH_PORT: integer(0, 65_535, 0),
  /** Records in one round, at most. Measured 2026-11 on 2 cores: see docs/benchmarks.md. */
  SLUICE_MAX_ROUND: integer(1, 10_000, 2_000),
  /** Rounds of one partition side by side, with disjoint keys. */
  SLUICE_ROUND_CONCURRENCY: integer(1, 32, 2),
  /** Lanes side by side within a round, in steps that decide one by one. */
  SLUICE_LANE_CONCURRENCY: integer(1, 1_000, 32),
  /** Unfinished records of a process; its partitions have even shares, and are paused above them. */
  SLUICE_MAX_UNFINISHED: integer(1, 1_000_000, 24_000),
  /** Attempts at a retriable failure. */
  SLUICE_MAX_ATTEMPTS: integer(1, 100, 5),
  /** How long a dependency may be away before the worker is not ready. */
  SLUICE_HOLD_GRACE_MS: integer(0, 3_600_000, 10_000),
  /** More dead letters than this, of the latest 1,000 records of a partition, hold it; 100 lets all through. */
  SLUICE_DEAD_LETTER_PERCENT: integer(1, 100, 50),
  /** How long a call may give no answer, and nothing come of it, before the worker is not ready, and before it ends. */
  SLUICE_STALL_UNREADY_MS: integer(1_000, 3_600_000, 30_000),
  SLUICE_STALL_END_MS: integer(1_000, 3_600_000, 120_000),
  SLUICE_COMMIT_INTERVAL_MS: integer(50, 60_000, 1_000),
  /** Time between two looks at the gate; a counter that differs from the database twice running is set right. 0: never. */
  SLUICE_RECONCILE_INTERVAL_MS: integer(0, 3_600_000, 1_000),
  /** `yes` leaves leases and upkeep out, for measuring what they cost; refused in production. */
  SLUICE_UNFENCED: z.enum(["yes", "no"]).default("no"),
  /** Longest drain before a partition is given back; well under the session timeout. */
  SLUICE_DRAIN_MS: integer(100, 60_000, 10_000),
  SLUICE_SESSION_TIMEOUT_MS: integer(6_000, 300_000, 30_000),
  /** Requests queued or unacknowledged above which the API answers 503. */
  SLUICE_API_MAX_BACKLOG: integer(1, 1_000_000, 20_000),
  /** Where external-data posts payments to; required by it alone. */
  SLUICE_PLATFORM_URL: url(["http:", "https:"]).refine(withoutUser, "expected no user and no password").optional(),
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
});

type Settings = z.infer<typeof settings>;

/** A validated configuration. */
export interface Config {
  readonly environment: Settings["SLUICE_ENV"];
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly tokenSecret: Buffer;
  readonly groupPrefix: string;
  readonly logLevel: Settings["SLUICE_LOG_LEVEL"];
  readonly api: {
    readonly host: string;
    readonly port: number;
    readonly maxBacklogRecords: number;
    readonly maxWaitingPayments: number;
  };
  readonly outboxKeptMs: number;
  readonly keysKeptMs: number;
  readonly healthPort: number;
  readonly limits: {
    readonly maxRound: number;
    readonly concurrency: number;
    readonly laneConcurrency: number;
    readonly maxRecords: number;
    readonly maxBytes: number;
    readonly processMaxRecords: number;
    readonly processMaxBytes: number;
  };
  readonly maxAttempts: number;
  readonly holdGraceMs: number;
  readonly flood: FloodLimits;
  readonly stall: StallLimits;
  readonly commitIntervalMs: number;
  readonly reconcileIntervalMs: number;
  /** Leases and upkeep are left out. */
  readonly unfenced: boolean;
  readonly drainMs: number;
  readonly sessionTimeoutMs: number;
  readonly platform: {
    readonly url: string | undefined;
    readonly concurrency: number;
    readonly timeoutMs: number;
  };
}

/** Every mistake of a configuration, in one error. */
export class InvalidConfig extends CliError {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(`the configuration has ${problems.length} mistake(s):\n${problems.map((p) => `  - ${p}`).join("\n")}`, {
      code: "INVALID_CONFIG",
      exitCode: exitCodes.usage,
      fix: "The settings and their ranges: README.md, Configure it. In development a stack that is up gives the addresses: npm run sluice -- stack up",
    });
    this.problems = problems;
  }
}

/** Variables of this prefix that others of our tools set, and that configure nothing. */
const ignored = new Set(["SLUICE_STACK"]);

/** These may be given as `<NAME>_FILE`, the path of a file that holds the value. */
const secrets = ["SLUICE_TOKEN_SECRET", "SLUICE_DATABASE_URL", "SLUICE_REDIS_URL"] as const;

const isSecret = (name: string): boolean => secrets.some((secret) => secret === name);

/**
 * Reads a configuration from variables. Names every mistake at once, unknown `SLUICE_` variables among them.
 * `readFile` answers a file's text. @throws InvalidConfig
 */
export const readConfig = (
  env: Readonly<Record<string, string | undefined>>,
  readFile: (path: string) => string,
): Config => {
  const given = Object.fromEntries(
    Object.entries(env).filter(
      ([name, v]) => name.startsWith("SLUICE_") && !ignored.has(name) && v !== undefined && v !== "",
    ),
  );
  const { values, problems } = withSecretFiles(given, readFile);
  const production = values["SLUICE_ENV"] === "production";
  const parsed = settings.safeParse(production ? values : { SLUICE_TOKEN_SECRET: developmentSecret, ...values });
  const all = [
    ...problems,
    ...(parsed.success ? [] : parsed.error.issues.flatMap(problemOf)),
    ...(production && values["SLUICE_TOKEN_SECRET"] === developmentSecret
      ? ["SLUICE_TOKEN_SECRET: the development secret is refused in production"]
      : []),
    ...(production && values["SLUICE_UNFENCED"] === "yes"
      ? ["SLUICE_UNFENCED: workers that are not fenced are refused in production"]
      : []),
  ];
  if (!parsed.success || all.length > 0) throw new InvalidConfig(all);
  return toConfig(parsed.data);
};

const withSecretFiles = (
  given: Readonly<Record<string, unknown>>,
  readFile: (path: string) => string,
): { readonly values: Record<string, unknown>; readonly problems: readonly string[] } => {
  const values: Record<string, unknown> = { ...given };
  const problems: string[] = [];
  for (const name of secrets) {
    const path = values[`${name}_FILE`];
    if (typeof path !== "string") continue;
    delete values[`${name}_FILE`];
    if (name in values) problems.push(`${name}: given twice, by itself and as ${name}_FILE`);
    try {
      values[name] = readFile(path).trim();
    } catch (error) {
      problems.push(`${name}_FILE: ${path} cannot be read (${error instanceof Error ? error.message : error})`);
    }
  }
  return { values, problems };
};

// Values are never repeated: one of them may be a secret in the wrong place.
const problemOf = (issue: z.core.$ZodIssue): readonly string[] => {
  const name = issue.path.join(".");
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => `${key}: no such setting`);
  if (issue.code === "invalid_type") return [`${name}: is required${isSecret(name) ? ` (or ${name}_FILE)` : ""}`];
  return [`${name}: ${issue.message}`];
};

const toConfig = (s: Settings): Config =>
  Object.freeze({
    environment: s.SLUICE_ENV,
    brokers: s.SLUICE_BROKERS,
    registryUrl: s.SLUICE_REGISTRY_URL,
    databaseUrl: s.SLUICE_DATABASE_URL,
    redisUrl: s.SLUICE_REDIS_URL,
    tokenSecret: Buffer.from(s.SLUICE_TOKEN_SECRET),
    groupPrefix: s.SLUICE_GROUP_PREFIX,
    logLevel: s.SLUICE_LOG_LEVEL,
    api: {
      host: s.SLUICE_API_HOST,
      port: s.SLUICE_API_PORT,
      maxBacklogRecords: s.SLUICE_API_MAX_BACKLOG,
      maxWaitingPayments: s.SLUICE_API_MAX_PAYMENTS,
    },
    outboxKeptMs: s.SLUICE_OUTBOX_KEPT_HOURS * 3_600_000,
    keysKeptMs: s.SLUICE_KEYS_KEPT_HOURS * 3_600_000,
    healthPort: s.SLUICE_HEALTH_PORT,
    limits: {
      maxRound: s.SLUICE_MAX_ROUND,
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
    reconcileIntervalMs: s.SLUICE_RECONCILE_INTERVAL_MS,
    unfenced: s.SLUICE_UNFENCED === "yes",
    drainMs: s.SLUICE_DRAIN_MS,
    sessionTimeoutMs: s.SLUICE_SESSION_TIMEOUT_MS,
    platform: {
      url: s.SLUICE_PLATFORM_URL,
      concurrency: s.SLUICE_PLATFORM_CONCURRENCY,
      timeoutMs: s.SLUICE_PLATFORM_TIMEOUT_MS,
    },
  });

/** What may be logged of a configuration: addresses without credentials, and no secrets. */
export const redacted = (config: Config): Readonly<Record<string, unknown>> => ({
  ...config,
  tokenSecret: `${config.tokenSecret.length} bytes`,
  databaseUrl: withoutCredentials(config.databaseUrl),
  redisUrl: withoutCredentials(config.redisUrl),
});

const withoutCredentials = (text: string): string => {
  const parsed = new URL(text);
  parsed.username = "";
  parsed.password = "";
  return parsed.href;
};
