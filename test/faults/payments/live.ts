/** Everything payments need, up and under load, while something happens to it; at the end all of it must agree. */
import { setTimeout as sleep } from "node:timers/promises";
import { crewOf } from "../live.ts";
import type { AttemptReply } from "./clients.ts";
import { type PayFeed, startPayFeed } from "./feed.ts";
import { judgePayments } from "./judge/judge.ts";
import type { PayFaultRun, PayTried } from "./fault.ts";
import type { Role } from "./points.ts";
import { type PayChild, type PayPlan, type PayScene, untilRest } from "./scene.ts";

/** The processes of payments. */
export interface PayCrew {
  /** Those that are up, by name. */
  readonly members: ReadonlyMap<string, PayChild>;
  /** Starts another one and waits until it is ready. */
  readonly start: (plan: PayPlan) => Promise<PayChild>;
  /** Starts one that is armed and does not wait until it is ready; an API is waited for. It may end as it likes. */
  readonly spawn: (plan: PayPlan) => Promise<PayChild>;
  /** SIGKILL, and waits for its end. */
  readonly kill: (name: string) => Promise<void>;
  /** SIGTERM to all, and waits for their ends; anything but exit code 0 is noted. */
  readonly stopAll: () => Promise<void>;
  /** Where the APIs are that are up. */
  readonly urls: () => readonly string[];
}

/** Payments under load. */
export interface PayLive extends PayCrew {
  readonly feed: PayFeed;
  /** Lets the load run. */
  readonly wait: (ms: number) => Promise<void>;
  /** It struck: counts it. */
  readonly struck: () => void;
  /** What was away is back: from now on it is taken how long it takes until all is at rest, and not from the load's end. */
  readonly returned: () => void;
  readonly missed: (what: string) => void;
  /** Something worth reporting. */
  readonly note: (what: string) => void;
  /** Answers to clients besides those of the load. Their users' ids begin with the feed's prefix. */
  readonly alsoAnswered: (replies: readonly AttemptReply[]) => void;
}

/** What the load is, and on what. */
export interface PayLiveOptions {
  readonly crew: readonly PayPlan[];
  /** Orders a second; 150 by default. */
  readonly perSecond?: number;
  readonly batchOrders?: number;
  /** All must be at rest this long after the last client is answered. */
  readonly restWithinMs?: number;
}

/** One of each, by names that say so. */
export const oneOfEach: readonly PayPlan[] = (["api", "relay", "history", "external"] as const).map((role) => ({
  name: `${role}-1`,
  role,
}));

/** Names that no earlier process of this run had: each has its own log. */
export const namesFrom = (first: number): ((role: Role) => string) => {
  let made = first;
  return (role) => `${role}-${++made}`;
};

/** A crew of a scene that puts into `missed` what ends by itself. */
export const payCrewOf = (scene: PayScene, missed: string[]): PayCrew => {
  const crew = crewOf<PayChild>(scene.signal, missed);
  return {
    members: crew.members,
    kill: crew.kill,
    start: async (plan) => crew.join(plan.name, await scene.start(plan)),
    spawn: async (plan) => {
      const child = await (plan.role === "api" ? scene.start(plan) : scene.spawn(plan));
      crew.join(plan.name, child);
      return crew.expectEnd(plan.name);
    },
    stopAll: async () => void (await Promise.all([...crew.members.keys()].map(crew.stop))),
    urls: () => [...crew.members.values()].flatMap(({ role, url }) => (role === "api" ? [url] : [])),
  };
};

/** After the last strike the load continues this long. */
const afterwardsMs = 2_000;

/** Runs `strikes` under load, then ends the load, waits until all is at rest, and judges. */
export const underPayLoad = async (
  { scene, say }: PayFaultRun,
  { crew: plans, perSecond = 150, batchOrders = 400, restWithinMs = 120_000 }: PayLiveOptions,
  strikes: (live: PayLive) => Promise<void>,
): Promise<PayTried> => {
  const missed: string[] = [];
  const notes: string[] = [];
  const replies: AttemptReply[] = [];
  let times = 0;
  let returnedAt: number | undefined;
  const crew = payCrewOf(scene, missed);
  await Promise.all(plans.map(crew.start));
  const feed = await startPayFeed(scene, { perSecond, batchOrders, urls: crew.urls });
  const wait = (ms: number): Promise<void> => sleep(ms, undefined, { signal: scene.signal });
  try {
    await wait(1_000);
    await strikes({
      ...crew,
      ...{ feed, wait },
      struck: () => void times++,
      returned: () => {
        returnedAt = performance.now();
      },
      missed: (what) => void missed.push(what),
      note: (what) => void notes.push(what),
      alsoAnswered: (some) => void replies.push(...some),
    });
    await wait(afterwardsMs);
  } catch (error) {
    await Promise.race([feed.stop(), sleep(5_000)]);
    throw error;
  }
  const batches = await feed.stop();
  const endedAt = returnedAt ?? performance.now();
  say(`${feed.paid()} answered as paid, ${times} strikes; waiting until all is at rest`);
  await untilRest(scene, restWithinMs).catch((error: Error) => missed.push(error.message));
  const restMs = Math.round(performance.now() - endedAt);
  const findings = await judgePayments(scene, { prefix: feed.prefix, batches, replies });
  await crew.stopAll();
  return { times, missed, notes, recoveriesMs: [restMs], findings };
};
