/** What `sluice doctor` checks of the shop: its database with its clock, and its Redis. */
import type { DoctorCheck } from "../../engine/app/doctor/checkup.ts";
import type { Config } from "../config.ts";

/** More than this between the clocks of machine and database is worth a warning: log lines and rows are hard to compare. */
const clockToleranceMs = 1_000;

/** The checks. */
export const shopChecks: readonly DoctorCheck<Config>[] = [
  {
    name: "database",
    fix: "Check SLUICE_DATABASE_URL, its user's rights, and that the database runs.",
    run: async ({ databaseUrl }) => {
      const [{ openDatabase }, { readClock }, { withSession }] = await Promise.all([
        import("../../stores/mysql/database.ts"),
        import("../../stores/mysql/clock.ts"),
        import("../../stores/mysql/session.ts"),
      ]);
      const database = openDatabase({ databaseUrl, poolMax: 1 });
      try {
        const aheadMs = (await withSession(database, readClock)) - Date.now();
        const found = `answers; its clock differs by ${Math.abs(aheadMs)} ms from this machine's`;
        return Math.abs(aheadMs) <= clockToleranceMs
          ? { level: "ok", found }
          : { level: "warn", found, fix: "Set both clocks by NTP." };
      } finally {
        await database.close();
      }
    },
  },
  {
    name: "redis",
    fix: "Check SLUICE_REDIS_URL and that Redis runs.",
    run: async ({ redisUrl }) => {
      const { openRedis } = await import("../../stores/redis/connection.ts");
      const redis = await openRedis({ redisUrl });
      try {
        await redis.ping();
        return { level: "ok", found: "answers" };
      } finally {
        redis.close();
      }
    },
  },
];
