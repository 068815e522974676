/** The settings of the shop beside the engine's: its database, Redis, tokens, API, outbox and data platform. */
import { z } from "zod";
import type { ProcessContext } from "../engine/app/define-app.ts";
import type { EngineConfig, EngineSettings } from "../engine/app/config/engine-config.ts";
import type { TokenPolicy } from "../api/tokens/token.ts";
import type { Comparison } from "../engine/app/config/comparisons.ts";
import { address, integer, urlWithoutUser } from "../engine/app/config/kinds.ts";
import { defineSettings, type Settings } from "../engine/app/config/settings.ts";
import { isLoopback } from "../engine/connect/loopback.ts";
import { unreadableFiles } from "../engine/connect/tls.ts";
import { readDatabaseAddress } from "../stores/mysql/address.ts";
import { readRedisAddress } from "../stores/redis/address.ts";

/** Known to everybody: good for tokens on this machine alone. */
const developmentSecret = "development-only-token-secret-of-sluice";

const secret = () =>
  z
    .string()
    // As a file's is: a blank that nobody sees must not make two secrets of one.
    .trim()
    .refine((text) => Buffer.byteLength(text) >= 32, "expected at least 32 bytes");

/** Also with something before, behind or within it in other case: it is as well known. */
const isDevelopmentSecret = (text: string | undefined): boolean =>
  text?.toLowerCase().includes(developmentSecret) ?? false;

/**
 * How long a request stays readable, in hours: the retention of its topic, 30 days, and the seven after which the broker ends a
 * segment even if little is written (`segment.ms`), for only whole segments go; and a day, as brokers look now and then.
 */
const requestsReadableHours = (30 + 7 + 1) * 24;

/** The variables. */
export const shopVariables = {
  /** `mysql://user:password@host:port/schema`, with `ssl-mode` and the like: docs/connections.md. */
  SLUICE_DATABASE_URL: address(readDatabaseAddress),
  /** `redis://` or `rediss://`, with user, password and number: docs/connections.md. */
  SLUICE_REDIS_URL: address(readRedisAddress),
  /** Marks reservation ids, and is the HMAC key of bearer tokens where `SLUICE_TOKEN_HS256` is yes; at least 32 bytes, shared with nobody else: docs/running.md. */
  SLUICE_TOKEN_SECRET: secret(),
  /** The one before it: what it signed and marked is still taken, so that a rotation loses nobody. */
  SLUICE_TOKEN_SECRET_FORMER: secret().optional(),
  /** Public keys of tokens, PEM or a JWK set; read again every five minutes, and for a key that is not known. */
  SLUICE_TOKEN_KEYS_FILE: z.string().min(1).optional(),
  /** An identity provider's JWK set; read again as the file is. */
  SLUICE_TOKEN_KEYS_URL: urlWithoutUser(["https:", "http:"])
    .refine(
      (text) => URL.parse(text)?.protocol === "https:" || isLoopback(URL.parse(text)?.hostname ?? ""),
      "expected https, or an address on loopback: keys that anybody on the way can change are anybody's",
    )
    .optional(),
  /** Whether tokens signed with the secret are taken; by default where there are no public keys. */
  SLUICE_TOKEN_HS256: z.enum(["yes", "no"]).optional(),
  /** What `iss` of a token must be; required with public keys. */
  SLUICE_TOKEN_ISSUER: z.string().min(1).max(1_024).optional(),
  /** What `aud` of a token must be or contain; required with public keys. */
  SLUICE_TOKEN_AUDIENCE: z.string().min(1).max(1_024).optional(),
  /** The longest time for which a token may be good. */
  SLUICE_TOKEN_MAX_LIFETIME_HOURS: integer(1, 8_760, 24),
  /** Where the API listens. */
  SLUICE_API_HOST: z.string().min(1).default("127.0.0.1"),
  /** Requests a second of one user on one route; five times as many at once. */
  SLUICE_API_USER_RATE: integer(1, 100_000, 10),
  /** Connections at once; each takes a file descriptor. */
  SLUICE_API_MAX_CONNECTIONS: integer(1, 1_000_000, 10_000),
  /** Between SIGTERM, from which on `/ready` is 503, and the end of the listener: as long as a load balancer takes to notice. */
  SLUICE_SHUTDOWN_DELAY_MS: integer(0, 14_000, 0),
  /** Its port; 0 takes any free one. */
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
  /** How long refusals are kept: for as long as their requests can be read again, and decided a second time. */
  SLUICE_REFUSALS_KEPT_HOURS: integer(24 + requestsReadableHours, 87_600, 192 + requestsReadableHours),
};

type TokenSettings = z.infer<z.ZodObject<typeof shopVariables>> & Pick<EngineSettings, "SLUICE_ENV">;

const hasPublicKeys = (s: Pick<TokenSettings, "SLUICE_TOKEN_KEYS_FILE" | "SLUICE_TOKEN_KEYS_URL">): boolean =>
  s.SLUICE_TOKEN_KEYS_FILE !== undefined || s.SLUICE_TOKEN_KEYS_URL !== undefined;

/** Whatever SLUICE_ENV says: whoever knows the development secret is an administrator of what they can reach. */
const refuseDevelopmentSecret =
  (name: "SLUICE_TOKEN_SECRET" | "SLUICE_TOKEN_SECRET_FORMER"): Comparison<TokenSettings> =>
  (s) => {
    if (!isDevelopmentSecret(s[name])) return [];
    if (s.SLUICE_ENV === "production") return [`${name}: the development value is refused in production`];
    return isLoopback(s.SLUICE_API_HOST)
      ? []
      : [`${name}: the development value is refused where SLUICE_API_HOST is not on loopback`];
  };

const requireWithPublicKeys =
  (name: "SLUICE_TOKEN_ISSUER" | "SLUICE_TOKEN_AUDIENCE"): Comparison<TokenSettings> =>
  (s) =>
    hasPublicKeys(s) && s[name] === undefined
      ? [`${name}: is required with public keys, which sign tokens for others, too`]
      : [];

const tokenComparisons: readonly Comparison<TokenSettings>[] = [
  refuseDevelopmentSecret("SLUICE_TOKEN_SECRET"),
  refuseDevelopmentSecret("SLUICE_TOKEN_SECRET_FORMER"),
  requireWithPublicKeys("SLUICE_TOKEN_ISSUER"),
  requireWithPublicKeys("SLUICE_TOKEN_AUDIENCE"),
  (s) =>
    !hasPublicKeys(s) && s.SLUICE_TOKEN_HS256 === "no"
      ? [
          "SLUICE_TOKEN_HS256: expected yes, or SLUICE_TOKEN_KEYS_FILE or SLUICE_TOKEN_KEYS_URL: no token could be verified",
        ]
      : [],
];

/**
 * Of all processes only an API listens twice, so equal ports are no mistake of the settings alone: a worker's health may be at
 * 8080, where an API would be by default.
 */
export const equalPorts = (api: number, health: number): readonly string[] =>
  api === 0 || api !== health
    ? []
    : [
        `SLUICE_HEALTH_PORT: expected another port than SLUICE_API_PORT, which is ${api} too: an API listens on both, and does not start (0 takes any free one)`,
      ];

/** Of {@link shopVariables}: what may be given as `<NAME>_FILE`. */
export const shopSecrets = [
  "SLUICE_TOKEN_SECRET",
  "SLUICE_TOKEN_SECRET_FORMER",
  "SLUICE_DATABASE_URL",
  "SLUICE_REDIS_URL",
] as const;

/** Of {@link shopVariables}: what has a value in development, which production refuses. */
export const shopDevelopmentOnly = { SLUICE_TOKEN_SECRET: developmentSecret };

/** Where whoever made a mistake in the shop's configuration looks. */
export const settingsHelp =
  "The settings and their ranges: docs/reference/settings.md. In development a stack that is up gives the addresses: npm run sluice -- stack up";

/** How the shop's processes read their configuration. */
export const shopSettings: Settings<Config> = defineSettings({
  settings: shopVariables,
  secrets: shopSecrets,
  developmentOnly: shopDevelopmentOnly,
  refusedInProduction: { SLUICE_UNFENCED: { value: "yes", why: "workers that are not fenced" } },
  ignored: ["SLUICE_STACK"],
  help: settingsHelp,
  conflicts: [
    ...tokenComparisons,
    (s, readFile) =>
      unreadableFiles(readDatabaseAddress(s.SLUICE_DATABASE_URL).tls?.files ?? {}, readFile).map(
        (problem) => `SLUICE_DATABASE_URL: ${problem}`,
      ),
    (s, readFile) =>
      unreadableFiles(readRedisAddress(s.SLUICE_REDIS_URL).tls ?? {}, readFile).map(
        (problem) => `SLUICE_REDIS_URL: ${problem}`,
      ),
    (s) =>
      s.SLUICE_REFUSALS_KEPT_HOURS < s.SLUICE_KEYS_KEPT_HOURS + requestsReadableHours
        ? [
            `SLUICE_REFUSALS_KEPT_HOURS: expected ${requestsReadableHours} more than SLUICE_KEYS_KEPT_HOURS at least, or a request that is repeated by its key may be decided twice`,
          ]
        : [],
    (s) =>
      s.SLUICE_PLATFORM_URL !== undefined && s.SLUICE_PLATFORM_TIMEOUT_MS >= s.SLUICE_DRAIN_MS
        ? [
            "SLUICE_PLATFORM_TIMEOUT_MS: expected less than SLUICE_DRAIN_MS, or a worker that stops leaves requests in doubt",
          ]
        : [],
  ],
  remarks: [(s) => equalPorts(s.SLUICE_API_PORT, s.SLUICE_HEALTH_PORT)],
  toConfig: (s) => ({
    databaseUrl: s.SLUICE_DATABASE_URL,
    redisUrl: s.SLUICE_REDIS_URL,
    tokenSecret: Buffer.from(s.SLUICE_TOKEN_SECRET),
    tokens: {
      secrets: [s.SLUICE_TOKEN_SECRET, s.SLUICE_TOKEN_SECRET_FORMER].flatMap((text) =>
        text === undefined ? [] : [Buffer.from(text)],
      ),
      keysFile: s.SLUICE_TOKEN_KEYS_FILE,
      keysUrl: s.SLUICE_TOKEN_KEYS_URL,
      hs256: (s.SLUICE_TOKEN_HS256 ?? (hasPublicKeys(s) ? "no" : "yes")) === "yes",
      policy: {
        issuer: s.SLUICE_TOKEN_ISSUER,
        audience: s.SLUICE_TOKEN_AUDIENCE,
        maxLifetimeMs: s.SLUICE_TOKEN_MAX_LIFETIME_HOURS * 3_600_000,
      },
    },
    api: {
      host: s.SLUICE_API_HOST,
      port: s.SLUICE_API_PORT,
      maxBacklogRecords: s.SLUICE_API_MAX_BACKLOG,
      maxWaitingPayments: s.SLUICE_API_MAX_PAYMENTS,
      userRatePerSecond: s.SLUICE_API_USER_RATE,
      userBurst: 5 * s.SLUICE_API_USER_RATE,
      maxConnections: s.SLUICE_API_MAX_CONNECTIONS,
      shutdownDelayMs: s.SLUICE_SHUTDOWN_DELAY_MS,
    },
    outboxKeptMs: s.SLUICE_OUTBOX_KEPT_HOURS * 3_600_000,
    keysKeptMs: s.SLUICE_KEYS_KEPT_HOURS * 3_600_000,
    refusalsKeptMs: s.SLUICE_REFUSALS_KEPT_HOURS * 3_600_000,
    reconcileIntervalMs: s.SLUICE_RECONCILE_INTERVAL_MS,
    unfenced: s.SLUICE_UNFENCED === "yes",
    platform: {
      url: s.SLUICE_PLATFORM_URL,
      concurrency: s.SLUICE_PLATFORM_CONCURRENCY,
      timeoutMs: s.SLUICE_PLATFORM_TIMEOUT_MS,
    },
  }),
});

/** Whose tokens are taken. */
export interface TokenConfig {
  /** The secret, and the former one where there is one. */
  readonly secrets: readonly Buffer[];
  readonly keysFile: string | undefined;
  readonly keysUrl: string | undefined;
  /** Whether tokens signed with the secrets are taken. */
  readonly hs256: boolean;
  readonly policy: TokenPolicy;
}

/** A validated configuration of the shop. */
export interface Config extends EngineConfig {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly tokenSecret: Buffer;
  readonly tokens: TokenConfig;
  readonly api: {
    readonly host: string;
    readonly port: number;
    readonly maxBacklogRecords: number;
    readonly maxWaitingPayments: number;
    readonly userRatePerSecond: number;
    readonly userBurst: number;
    readonly maxConnections: number;
    readonly shutdownDelayMs: number;
  };
  readonly outboxKeptMs: number;
  readonly keysKeptMs: number;
  readonly refusalsKeptMs: number;
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
