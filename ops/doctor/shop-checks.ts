/** What `sluice doctor` checks of the shop: its database and its Redis, each with version, clock and encryption, and whose gate it is. */
import type { DoctorCheck, Finding } from "../../engine/app/doctor/checkup.ts";
import { StartRefused, Unavailable } from "../../engine/errors.ts";
import type { RedisInspection } from "../../stores/redis/inspect.ts";
import type { Config } from "../config.ts";

const databaseFix = "Check SLUICE_DATABASE_URL, its user's rights, and that the database runs.";
const redisFix = "Check SLUICE_REDIS_URL and that Redis runs.";

/** The checks. Drivers are loaded when they are run. */
export const shopChecks: readonly DoctorCheck<Config>[] = [
  {
    name: "database",
    fix: databaseFix,
    run: async (config) => {
      const { version, schema } = (await lookAtDatabase(config)).value;
      return { level: "ok", found: `${schema} answers, ${version}` };
    },
  },
  {
    name: "database's rights",
    fix: databaseFix,
    run: async (config) => {
      const { value } = await lookAtDatabase(config);
      const { missingRights, rightsToApply, rightsToRun } = await import("../../stores/mysql/inspect.ts");
      const [run, apply] = [missingRights(value, rightsToRun), missingRights(value, rightsToApply)];
      return rightsFinding(value.schema, { run, apply });
    },
  },
  {
    name: "database's clock",
    fix: databaseFix,
    run: async (config) => {
      const [{ clockFinding }, looked] = await Promise.all([
        import("../../engine/app/doctor/findings.ts"),
        lookAtDatabase(config),
      ]);
      return clockFinding("database", { ...looked, now: looked.value.now });
    },
  },
  {
    name: "database's TLS",
    fix: databaseFix,
    run: async (config) => {
      const [{ encryptionFinding }, { value }] = await Promise.all([
        import("../../engine/app/doctor/findings.ts"),
        lookAtDatabase(config),
      ]);
      const { environment, databaseUrl } = config;
      const connection = { encrypted: value.cipher !== undefined, hosts: [new URL(databaseUrl).hostname], environment };
      return encryptionFinding(connection, "Add ssl-mode=VERIFY_IDENTITY to SLUICE_DATABASE_URL.");
    },
  },
  {
    name: "redis",
    fix: redisFix,
    run: async (config) => redisFinding((await lookAtRedis(config)).value),
  },
  {
    name: "redis's clock",
    fix: redisFix,
    run: async (config) => {
      const [{ clockFinding }, looked] = await Promise.all([
        import("../../engine/app/doctor/findings.ts"),
        lookAtRedis(config),
      ]);
      return clockFinding("Redis", { ...looked, now: looked.value.now });
    },
  },
  {
    name: "redis's TLS",
    fix: redisFix,
    run: async ({ redisUrl, environment }) => {
      const { encryptionFinding } = await import("../../engine/app/doctor/findings.ts");
      const { protocol, hostname } = new URL(redisUrl);
      const connection = { encrypted: protocol === "rediss:", hosts: [hostname], environment };
      return encryptionFinding(connection, "Use rediss:// in SLUICE_REDIS_URL.");
    },
  },
  { name: "gate", fix: redisFix, run: (config) => gateFinding(config) },
];

/** What is said about the rights of the database's user. Pure. */
export const rightsFinding = (
  schema: string,
  missing: { readonly run: readonly string[]; readonly apply: readonly string[] },
): Finding => {
  if (missing.run.length > 0) {
    const rights = missing.run.join(", ");
    return {
      level: "fail",
      found: `the user may not ${rights} in ${schema}`,
      fix: `GRANT ${rights} ON ${schema}.* TO the user of SLUICE_DATABASE_URL; rights of roles or on single tables are not looked into.`,
    };
  }
  // A user that may not change tables is what a careful operator gives to workers.
  const apply = missing.apply.length === 0 ? "and to make tables" : "not to make tables: apply needs another user";
  return { level: "ok", found: `the user has what it needs to run, ${apply}` };
};

/** A gate that is this full will be full: what is in flight comes and goes, counters stay for a week. */
const nearlyFull = 0.9;

/** What is said about a Redis. Pure. */
export const redisFinding = ({ version, role, memory }: Omit<RedisInspection, "now">): Finding => {
  if (role === "slave")
    return {
      level: "fail",
      found: `Redis ${version} is a replica`,
      fix: "Give SLUICE_REDIS_URL the address of its master.",
    };
  const { usedBytes, maxBytes } = memory;
  if (maxBytes === 0 || usedBytes < maxBytes * nearlyFull) return { level: "ok", found: `answers, Redis ${version}` };
  const isFull = usedBytes >= maxBytes;
  return {
    level: isFull ? "fail" : "warn",
    found: `Redis ${version} is ${isFull ? "" : "nearly "}full: ${usedBytes} of ${maxBytes} bytes`,
    fix: "Raise its maxmemory, or remove what else is in it: the gate needs some hundred bytes for each coupon of the week.",
  };
};

/** What was found, and between which times, epoch ms. */
interface Looked<T> {
  readonly askedAt: number;
  readonly answeredAt: number;
  readonly value: T;
}

/** A connection is opened first: what that takes is not a clock's difference. */
const looking = async <T>(connect: () => Promise<unknown>, look: () => Promise<T>): Promise<Looked<T>> => {
  await connect();
  const askedAt = Date.now();
  const value = await look();
  return { askedAt, answeredAt: Date.now(), value };
};

const lookAtDatabase = async ({ databaseUrl }: Config) => {
  const [{ openDatabase }, { inspectDatabase }] = await Promise.all([
    import("../../stores/mysql/database.ts"),
    import("../../stores/mysql/inspect.ts"),
  ]);
  const database = openDatabase({ databaseUrl, poolMax: 1 });
  try {
    return await looking(
      () => inspectDatabase(database),
      () => inspectDatabase(database),
    );
  } finally {
    await database.close();
  }
};

const lookAtRedis = async ({ redisUrl }: Config) => {
  const [{ openRedis }, { inspectRedis }] = await Promise.all([
    import("../../stores/redis/connection.ts"),
    import("../../stores/redis/inspect.ts"),
  ]);
  const redis = await openRedis({ redisUrl });
  try {
    return await looking(redis.ping, () => inspectRedis(redis));
  } finally {
    redis.close();
  }
};

/** Before the first apply the database has no identity: that is no fault of Redis. */
const notDeployedYet = (error: unknown): Finding => {
  const { code, message } = error instanceof Error && "code" in error ? error : { code: undefined, message: "" };
  if (code === "DATABASE_IDENTITY")
    return { level: "warn", found: "nothing is deployed yet", fix: "Run: sluice topology apply" };
  if (error instanceof Unavailable && error.who !== "redis") return { level: "fail", found: message, fix: databaseFix };
  throw error;
};

const gateFinding = async ({ databaseUrl, redisUrl }: Config): Promise<Finding> => {
  const [{ openDatabase }, { readDatabaseIdentity }, { openRedis }, { checkGate }] = await Promise.all([
    import("../../stores/mysql/database.ts"),
    import("../../stores/mysql/database-identity.ts"),
    import("../../stores/redis/connection.ts"),
    import("../../stores/redis/gate-owner.ts"),
  ]);
  const database = openDatabase({ databaseUrl, poolMax: 1 });
  try {
    const identity = await readDatabaseIdentity(database).catch(notDeployedYet);
    if (typeof identity !== "string") return identity;
    const redis = await openRedis({ redisUrl });
    await checkGate(redis, identity).finally(redis.close);
    return { level: "ok", found: "Redis serves this database, or nobody yet" };
  } catch (error) {
    // It says what to do: Redis runs, and its address may be right.
    if (error instanceof StartRefused) return { level: "fail", found: error.message };
    throw error;
  } finally {
    await database.close();
  }
};
