/** What happens to workers themselves: killed at any moment, frozen past their session and woken again, restarted in turn. */
import { readFile } from "node:fs/promises";
import { sessionTimeoutMs, type WorkerPlan } from "./scene.ts";
import { wholeFrom } from "../chance.ts";
import type { Fault, FaultRun, Tried } from "../fault.ts";
import { type Live, underLoad } from "../live.ts";

/** A worker's death is noticed when its session ends, and then its partitions have to be assigned. */
const afterDeathMs = sessionTimeoutMs + 2_000;

/**
 * One that is frozen in the middle of a transaction keeps its locks, those on its leases too, until the database ends what
 * is idle: 10 s, see stores/mysql/database.ts.
 */
const afterFreezeMs = 10_000 + 2_000;

const plan = (name: string) => ({ name });

/** Names that no earlier worker of this run had: each has its own log. */
const names = (): (() => string) => {
  let made = 0;
  return () => `worker-${++made}`;
};

const killRandom = (run: FaultRun): Promise<Tried> => {
  const next = names();
  return underLoad(run, { workers: [plan(next()), plan(next())] }, async (live) => {
    for (let n = 0; n < run.times; n++) {
      await live.wait(wholeFrom(run.chance, 0, 2_000));
      const up = [...live.workers.keys()];
      const victim = up[wholeFrom(run.chance, 0, up.length - 1)];
      if (victim === undefined) throw new Error("there is no worker left to kill");
      await live.kill(victim);
      live.struck();
      live.recovering();
      await Promise.all([live.start(plan(next())), live.wait(afterDeathMs + 500)]);
      run.say(`killed ${victim} (${n + 1} of ${run.times})`);
    }
  });
};

const zombie = (run: FaultRun): Promise<Tried> => {
  const next = names();
  return underLoad(run, { workers: [plan(next()), plan(next())] }, async (live) => {
    for (let n = 0; n < run.times; n++) {
      await live.wait(wholeFrom(run.chance, 0, 1_000));
      const up = [...live.workers.values()];
      const victim = up[wholeFrom(run.chance, 0, up.length - 1)];
      if (victim === undefined) throw new Error("there is no worker left to freeze");
      process.kill(victim.pid, "SIGSTOP");
      live.struck();
      live.recovering();
      await live.wait(afterDeathMs + wholeFrom(run.chance, 500, 3_000));
      process.kill(victim.pid, "SIGCONT");
      run.say(`froze ${victim.name} and woke it (${n + 1} of ${run.times})`);
      await live.wait(2_000);
    }
  });
};

/** Where a worker that lost its partitions wakes up and does what it was about to do. */
const zombiePoints = [
  "gate-reserve-before",
  "gate-reserve-after",
  "lock-after",
  "take-after",
  "issue-commit-before",
  "issue-commit-sent",
  "produce-issued-before",
  "produce-issued-after",
  "offsets-before",
] as const;

const zombieAtPoints = (run: FaultRun): Promise<Tried> => {
  const next = names();
  const points = zombiePoints.filter((point) => run.points.length === 0 || run.points.includes(point));
  return underLoad(run, { workers: [plan(next())] }, async (live) => {
    for (const point of points) {
      const armed = { point, hit: wholeFrom(run.chance, 2, 6), signal: "SIGSTOP" } as const;
      const name = next();
      const victim = await live.spawn({ name, armed });
      if (!(await isFrozen(live, victim))) {
        live.missed(`${name} never came by ${point}; see ${victim.logFile}`);
      } else {
        live.struck();
        live.recovering();
        await live.wait(afterDeathMs + 1_000);
        process.kill(victim.pid, "SIGCONT");
        run.say(`froze ${name} at ${point} and woke it`);
        await live.wait(2_000);
      }
      await live.kill(name);
      // Its session ends before the next one is frozen, or two of them would be frozen at once.
      await live.wait(sessionTimeoutMs);
    }
  });
};

const freezeWithinMs = 20_000;

/** Waits until a process has noted that it is frozen; false where it has not in 20 s. */
export const isFrozen = async (live: Pick<Live, "wait">, { note }: { readonly note: string }): Promise<boolean> => {
  const deadline = performance.now() + freezeWithinMs;
  while (performance.now() < deadline) {
    if ((await readFile(note, "utf8").catch(() => "")) !== "") return true;
    await live.wait(50);
  }
  return false;
};

const rolling = (run: FaultRun): Promise<Tried> => {
  const next = names();
  const crew = Array.from({ length: 4 }, () => plan(next()));
  return underLoad(run, { workers: crew }, async (live) => {
    for (let round = 0; round < run.times; round++) {
      for (const name of [...live.workers.keys()]) {
        await live.stop(name);
        live.struck();
        await live.start(plan(next()));
      }
      run.say(`all four restarted (${round + 1} of ${run.times})`);
    }
  });
};

/**
 * A static member: its partitions wait for it. The session is longer than any restart here, so that only its coming back ends
 * the wait; a member without an id would keep the group waiting that long.
 */
const staticPlan = (name: string, id: number): WorkerPlan => ({
  name,
  env: { SLUICE_GROUP_INSTANCE_ID: `instance-${id}`, SLUICE_SESSION_TIMEOUT_MS: "30000" },
});

/** A drain, a worker's start where two cores have three workers and the load, and the first round after it. */
const afterComebackMs = 12_000;

/** Takes each of three static members away in turn, in one of two ways, and starts it again under its id at once. */
const comeBack =
  (how: "kill" | "stop") =>
  (run: FaultRun): Promise<Tried> => {
    const next = names();
    const ids = new Map([1, 2, 3].map((id) => [next(), id]));
    const crew = [...ids].map(([name, id]) => staticPlan(name, id));
    return underLoad(run, { workers: crew }, async (live) => {
      for (let n = 0; n < run.times; n++) {
        const [[name, id] = []] = ids;
        if (name === undefined || id === undefined) throw new Error("there is no worker left");
        await live.wait(wholeFrom(run.chance, 500, 1_500));
        const goneAtMs = performance.now();
        live.recovering();
        await live[how](name);
        live.struck();
        const successor = next();
        ids.delete(name);
        ids.set(successor, id);
        await live.start(staticPlan(successor, id));
        const awayMs = Math.round(performance.now() - goneAtMs);
        run.say(`${name} came back as instance-${id} after ${awayMs} ms (${n + 1} of ${run.times})`);
        await live.wait(1_000);
      }
    });
  };

/** What happens to workers. */
export const processFaults: readonly Fault[] = [
  {
    name: "kill",
    about: "One of two workers, by chance, is killed with SIGKILL at a random moment under load",
    windows: [3, 4, 5, 6, 13, 14, 16],
    times: 30,
    brokers: 1,
    recoverWithinMs: afterDeathMs,
    run: killRandom,
  },
  {
    name: "zombie",
    about: "One of two workers is stopped (SIGSTOP) past its session and woken again (SIGCONT) under load",
    windows: [13, 14],
    times: 5,
    brokers: 1,
    recoverWithinMs: afterFreezeMs,
    run: zombie,
  },
  {
    name: "zombie-at-points",
    about: `A worker freezes in the middle of its work (${zombiePoints.join(", ")}), another takes over, it wakes and continues`,
    windows: [13, 14, 12],
    times: 1,
    brokers: 1,
    recoverWithinMs: afterFreezeMs,
    run: zombieAtPoints,
  },
  {
    name: "rolling",
    about: "Four workers get SIGTERM and are replaced, one after the other, under load",
    windows: [13, 33],
    times: 3,
    brokers: 1,
    run: rolling,
  },
  {
    name: "kill-static",
    about: "One of three static members is killed with SIGKILL under load, and started again under its instance id",
    windows: [3, 4, 5, 6, 13, 34],
    times: 9,
    brokers: 1,
    recoverWithinMs: afterComebackMs,
    run: comeBack("kill"),
  },
  {
    name: "rolling-static",
    about: "Three static members get SIGTERM and are started again under their ids, one after the other, under load",
    windows: [13, 33],
    times: 9,
    brokers: 1,
    recoverWithinMs: afterComebackMs,
    run: comeBack("stop"),
  },
];
