/** Workers under a steady load while something happens to them; at the end everything must have its verdict. */
import type { Child } from "../../dev/children.ts";
import { setTimeout as sleep } from "node:timers/promises";
import type { FaultRun, Tried } from "./fault.ts";
import { startFeed } from "./coupons/feed.ts";
import { judge } from "./coupons/judge.ts";
import { readVerdictTimes, recoveryAfter } from "./recovery.ts";
import { type ArmedChild, untilQuiet, type WorkerPlan } from "./coupons/scene.ts";

/** Workers under load. */
export interface Live {
  /** Those that are up, by name. */
  readonly workers: ReadonlyMap<string, Child>;
  /** Starts another one, or one in place of a dead one, and waits until it is ready. */
  readonly start: (plan: WorkerPlan) => Promise<void>;
  /** Starts one that is armed, and does not wait. */
  readonly spawn: (plan: WorkerPlan) => Promise<ArmedChild>;
  /** SIGKILL, and waits for its end. */
  readonly kill: (name: string) => Promise<void>;
  /** SIGTERM, and waits for its end; anything but exit code 0 is noted. */
  readonly stop: (name: string) => Promise<void>;
  /** Lets the load run. */
  readonly wait: (ms: number) => Promise<void>;
  /** It struck: counts it. */
  readonly struck: () => void;
  /** From this moment on the time to the next verdict of every partition is taken. */
  readonly recovering: (settleMs?: number) => void;
  readonly missed: (what: string) => void;
}

/** What the load is. */
export interface LiveOptions {
  /** Names of workers, or plans where they need more. */
  readonly workers: readonly WorkerPlan[];
  readonly perSecond?: number;
  /** The workers must be through with everything this long after the load ends. */
  readonly quietWithinMs?: number;
}

/** After the last strike the load continues this long, so that recovery can be seen. */
const afterwardsMs = 3_000;
/** What a dead worker had sent is stamped by then. */
const settledMs = 250;

/** Runs `strikes` under load, then ends the load, waits until it is quiet, and judges. */
export const underLoad = async (
  { scene, say }: FaultRun,
  { workers: plans, perSecond = 600, quietWithinMs = 120_000 }: LiveOptions,
  strikes: (live: Live) => Promise<void>,
): Promise<Tried> => {
  const missed: string[] = [];
  const moments: { readonly at: number; readonly settleMs: number }[] = [];
  let times = 0;
  const crew = crewOf<Child>(scene.signal, missed);
  const start = async (plan: WorkerPlan): Promise<void> => void crew.join(plan.name, await scene.start(plan));
  const spawn = async (plan: WorkerPlan): Promise<ArmedChild> => crew.join(plan.name, await scene.spawn(plan));
  await Promise.all(plans.map(start));
  const feed = await startFeed(scene, perSecond);
  const wait = (ms: number): Promise<void> => sleep(ms, undefined, { signal: scene.signal });
  try {
    await wait(1_000);
    await strikes({
      ...crew,
      ...{ workers: crew.members, start, spawn, wait },
      struck: () => void times++,
      recovering: (settleMs = settledMs) => void moments.push({ at: Date.now(), settleMs }),
      missed: (what) => void missed.push(what),
    });
    await wait(afterwardsMs);
  } catch (error) {
    await Promise.race([feed.stop(), sleep(5_000)]);
    throw error;
  }
  const asked = await feed.stop();
  say(`${feed.sent()} records, ${times} strikes; waiting until all have been through`);
  await untilQuiet(scene, quietWithinMs).catch((error: Error) => missed.push(error.message));
  const findings = await judge(scene, { prefix: feed.prefix, ...asked });
  await Promise.all([...crew.members.keys()].map(crew.stop));
  const verdicts = await readVerdictTimes(scene.admin, feed.prefix);
  const recoveries = moments.map(({ at, settleMs }) => recoveryAfter(verdicts, at, settleMs));
  if (recoveries.includes(undefined)) missed.push("a partition never spoke again");
  return { times, missed, recoveriesMs: recoveries.filter((ms) => ms !== undefined), findings };
};

/** Processes that are up, by name. One that ends without having been stopped, or let go, is put into `missed`. */
export const crewOf = <Member extends Child>(signal: AbortSignal, missed: string[]) => {
  const members = new Map<string, Member>();
  const leaving = new WeakSet<Member>();
  const join = <M extends Member>(name: string, member: M): M => {
    members.set(name, member);
    void member.ended.then((how) => {
      if (leaving.has(member)) return;
      members.delete(name);
      if (!signal.aborted) missed.push(`${name} ended by itself: ${how}; see ${member.logFile}`);
    });
    return member;
  };
  const goodbye = (name: string): Member => {
    const member = members.get(name);
    if (member === undefined) throw new Error(`there is no process ${name} now: ${missed.join("; ")}`);
    members.delete(name);
    leaving.add(member);
    return member;
  };
  return {
    members,
    join,
    /** It is armed: its end is expected. */
    expectEnd: (name: string): Member => {
      const member = members.get(name) ?? goodbye(name);
      leaving.add(member);
      void member.ended.then(() => members.delete(name));
      return member;
    },
    kill: async (name: string): Promise<void> => {
      const member = goodbye(name);
      process.kill(member.pid, "SIGKILL");
      await member.ended;
    },
    stop: async (name: string): Promise<void> => {
      const member = goodbye(name);
      await member.stop();
      const how = await member.ended;
      if (how !== "exit code 0") missed.push(`${name} got SIGTERM and ended with ${how}; see ${member.logFile}`);
    },
  };
};
