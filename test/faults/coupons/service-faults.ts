/** What happens to the services: restarted, killed, away for long, and Redis forgetting or remembering too much. */
import { rm } from "node:fs/promises";
import { join, relative } from "node:path";
import mysql from "mysql2/promise";
import { startService, stopService } from "../../../dev/stack/control.ts";
import { layoutOf } from "../../../dev/stack/layout.ts";
import { openRedis, type RedisConnection } from "../../../stores/redis/connection.ts";
import { wholeFrom } from "../chance.ts";
import type { Fault, FaultRun, Tried } from "../fault.ts";
import { type Live, underLoad } from "../live.ts";
import type { Scene } from "./scene.ts";

/** After a dependency's return the next verdict is due by then. */
const afterReturnMs = 2_000;
/** Long enough for every time-out and backoff there is to have run out once. */
const awayMs = 22_000;

const two = [{ name: "worker-1" }, { name: "worker-2" }];

/** Takes a service away for a while and brings it back, and waits a little. */
const outage = async (
  { scene, chance }: FaultRun,
  live: Live,
  { service, signal, forMs }: { readonly service: string; readonly signal: NodeJS.Signals; readonly forMs: number },
): Promise<void> => {
  await live.wait(wholeFrom(chance, 0, 1_000));
  await stopService(scene.stackName, service, { signal });
  live.struck();
  await live.wait(forMs);
  await startService(scene.stackName, service, { signal: scene.signal });
  live.recovering(0);
  await live.wait(3_000);
};

/** A fault that is one outage after another. */
const outages =
  (service: string, signal: NodeJS.Signals, forMs: number) =>
  (run: FaultRun): Promise<Tried> =>
    underLoad(run, { workers: two }, async (live) => {
      for (let n = 0; n < run.times; n++) await outage(run, live, { service, signal, forMs });
    });

const onRedis = async (scene: Scene, work: (client: RedisConnection["client"]) => Promise<unknown>): Promise<void> => {
  const redis = await openRedis({ redisUrl: scene.config.redisUrl, commandTimeoutMs: 10_000 });
  try {
    await work(redis.client);
  } finally {
    redis.close();
  }
};

/** As the database's administrator. A socket's path may be at most 107 bytes long, so it is given from here. */
const asRoot = async (stackName: string, work: (root: mysql.Connection) => Promise<void>): Promise<void> => {
  const socketPath = relative(process.cwd(), join(layoutOf(stackName).data("mariadb"), "mariadb.sock"));
  const root = await mysql.createConnection({ socketPath, user: "root" });
  try {
    await work(root);
  } finally {
    await root.end();
  }
};

const flush = (run: FaultRun): Promise<Tried> =>
  underLoad(run, { workers: two }, async (live) => {
    for (let n = 0; n < run.times; n++) {
      await live.wait(wholeFrom(run.chance, 500, 1_500));
      await onRedis(run.scene, (client) => client.flushall());
      live.struck();
      live.recovering(0);
    }
  });

/** Saves, continues, crashes, and comes back as it was when it was saved. */
const snapshot = (run: FaultRun): Promise<Tried> =>
  underLoad(run, { workers: two }, async (live) => {
    const dump = join(layoutOf(run.scene.stackName).data("redis"), "dump.rdb");
    try {
      for (let n = 0; n < run.times; n++) {
        await onRedis(run.scene, (client) => client.save());
        await live.wait(wholeFrom(run.chance, 1_000, 2_000));
        await outage(run, live, { service: "redis", signal: "SIGKILL", forMs: 200 });
      }
    } finally {
      // The next restart of Redis must find nothing.
      await rm(dump, { force: true });
    }
  });

/** A worker that starts without the registry knows no schema: it must say so, or wait; it must not throw records away. */
const registryAtStart = (run: FaultRun): Promise<Tried> =>
  underLoad(run, { workers: [{ name: "worker-1" }] }, async (live) => {
    const { stackName, signal } = run.scene;
    for (let n = 0; n < run.times; n++) {
      await live.stop([...live.workers.keys()][0] ?? "");
      await stopService(stackName, "registry", { signal: "SIGKILL" });
      const early = await run.scene.spawn({ name: `worker-early-${n}` });
      const how = await Promise.race([early.ended, live.wait(10_000).then(() => "waits")]);
      live.struck();
      if (how !== "waits" && how !== "exit code 1") live.missed(`without a registry a worker ended with ${how}`);
      await startService(stackName, "registry", { signal });
      run.say(`without a registry a worker: ${how}`);
      if (how === "waits") await early.stop();
      await live.start({ name: `worker-late-${n}` });
    }
  });

const brokersInTurn = (run: FaultRun): Promise<Tried> =>
  underLoad(run, { workers: two }, async (live) => {
    const { stackName, signal } = run.scene;
    for (let n = 0; n < run.times; n++) {
      const service = `kafka-${(n % 3) + 1}`;
      await stopService(stackName, service, { signal: "SIGKILL" });
      live.struck();
      live.recovering();
      await live.wait(12_000);
      // It answers once it knows of both others, which on a busy machine takes a broker that was killed a while.
      await startService(stackName, service, { signal, timeoutMs: 180_000 });
      await live.wait(5_000);
      run.say(`killed ${service} (${n + 1} of ${run.times})`);
    }
  });

/** Long enough for leases, rounds and upkeep to have written in sessions of that kind. */
const autocommitOffMs = 20_000;

/**
 * An administrator turns autocommit off for everybody, under processes that run, and ends their connections: what is written outside
 * of a transaction would never be kept, and never be seen by others.
 */
const autocommitOff = (run: FaultRun): Promise<Tried> =>
  underLoad(run, { workers: two }, async (live) => {
    for (let n = 0; n < run.times; n++) {
      await asRoot(run.scene.stackName, async (root) => {
        const user = mysql.escapeId(new URL(run.scene.config.databaseUrl).username);
        await root.query("SET GLOBAL autocommit = 0");
        try {
          await root.query(`KILL USER ${user}`);
          live.struck();
          live.recovering();
          await live.wait(autocommitOffMs);
        } finally {
          await root.query("SET GLOBAL autocommit = 1");
          await root.query(`KILL USER ${user}`);
        }
        await live.wait(3_000);
      });
    }
  });

const outageFault = (
  name: string,
  about: string,
  of: Pick<Fault, "windows" | "times" | "run"> & Partial<Pick<Fault, "recoverWithinMs" | "unordered">>,
): Fault => ({ name, about, brokers: 1, recoverWithinMs: afterReturnMs, ...of });

/** What happens to the services. */
export const serviceFaults: readonly Fault[] = [
  outageFault("database-restart", "The database is shut down and started again a second later, under load", {
    windows: [11, 12],
    times: 3,
    run: outages("mariadb", "SIGTERM", 1_000),
  }),
  outageFault("database-kill", "The database is killed with SIGKILL and started again at once, under load", {
    windows: [4, 12],
    times: 3,
    run: outages("mariadb", "SIGKILL", 100),
  }),
  outageFault("database-away", "The database is away for 22 s, under load", {
    windows: [12],
    times: 1,
    run: outages("mariadb", "SIGKILL", awayMs),
  }),
  outageFault("database-autocommit-off", "autocommit is turned off for every session, for 20 s, under load", {
    windows: [12],
    times: 1,
    run: autocommitOff,
  }),
  outageFault("redis-restart", "Redis is shut down and started again, empty, under load", {
    windows: [8, 9, 10],
    unordered: true,
    times: 3,
    run: outages("redis", "SIGTERM", 1_000),
  }),
  outageFault("redis-kill", "Redis is killed with SIGKILL and started again at once, empty, under load", {
    windows: [8, 9, 10],
    unordered: true,
    times: 3,
    run: outages("redis", "SIGKILL", 100),
  }),
  outageFault("redis-away", "Redis is away for 22 s, under load", {
    windows: [8, 9],
    unordered: true,
    times: 1,
    run: outages("redis", "SIGKILL", awayMs),
  }),
  outageFault("redis-flush", "FLUSHALL, under load", { windows: [9, 10], unordered: true, times: 5, run: flush }),
  outageFault("redis-snapshot", "Redis is killed and comes back as it was one or two seconds before, under load", {
    windows: [8, 9],
    unordered: true,
    times: 3,
    run: snapshot,
  }),
  outageFault("registry-away", "The registry is away for 22 s while schemas are known, under load", {
    windows: [21],
    times: 1,
    run: outages("registry", "SIGKILL", awayMs),
  }),
  outageFault("registry-at-start", "A worker is started while the registry is away, under load", {
    windows: [21],
    times: 1,
    run: registryAtStart,
  }),
  outageFault("broker-away", "The only broker is killed with SIGKILL and away for 22 s, under load", {
    windows: [2, 17],
    times: 1,
    run: outages("kafka-1", "SIGKILL", awayMs),
  }),
  {
    name: "brokers-in-turn",
    about: "Each of three brokers in turn is killed with SIGKILL, away for 12 s, and started again, under load",
    windows: [2, 17],
    times: 3,
    brokers: 3,
    // Leaders move when the broker's session with the controller ends (9 s), the coordinator of a group with them.
    recoverWithinMs: 30_000,
    run: brokersInTurn,
  },
];
