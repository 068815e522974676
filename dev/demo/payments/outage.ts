/** Takes the stand-in platform away for a while in the middle of something, and sees how it catches up. */
import { setTimeout as sleep } from "node:timers/promises";
import type { PlatformReport } from "../../platform/effects.ts";
import type { Faults } from "../../platform/faults.ts";

/** What an outage came to. Times are `performance.now()`. */
export interface Outage {
  readonly fromMs: number;
  readonly untilMs: number;
  /** Payments that waited for the platform when it came back. */
  readonly waiting: number;
  /** From its return until it had all of them. */
  readonly caughtUpMs: number;
}

/** The control server of a stand-in platform. */
export interface PlatformControl {
  readonly set: (faults: Partial<Faults>) => Promise<void>;
  readonly report: () => Promise<PlatformReport>;
}

/** The control server at an address; every call throws where it does not answer as it should. */
export const platformControl = (controlUrl: string): PlatformControl => {
  const ask = async (path: string, init?: RequestInit): Promise<unknown> => {
    const response = await fetch(new URL(path, controlUrl), { ...init, signal: AbortSignal.timeout(5_000) });
    const body: unknown = await response.json();
    if (!response.ok) throw new Error(`the platform's ${path} answered ${response.status}: ${JSON.stringify(body)}`);
    return body;
  };
  return {
    set: async (faults) => {
      const headers = { "content-type": "application/json" };
      await ask("/faults", { method: "PUT", headers, body: JSON.stringify(faults) });
    },
    // Erasure: the stand-in is our own, and answers with its report.
    report: async () => (await ask("/report")) as PlatformReport,
  };
};

/** When it goes away, for how long, and how many payments there are. */
export interface OutagePlan {
  readonly afterMs: number;
  readonly forMs: number;
  /** Payments made so far. */
  readonly paid: () => number;
  readonly signal: AbortSignal;
  /** Called when it goes and when it is back. */
  readonly onChange: (isAway: boolean) => void;
}

/** Longest wait for the platform to catch up. */
const catchUpWithinMs = 60_000;

/** Takes the platform away and gives it back. @throws Error where it has not caught up a minute later. */
export const takeAway = async (platform: PlatformControl, plan: OutagePlan): Promise<Outage> => {
  const { signal } = plan;
  // Of earlier runs, which may still be on their way when this one begins.
  const before = (await platform.report()).payments;
  await sleep(plan.afterMs, undefined, { signal });
  await platform.set({ down: "refuse" });
  plan.onChange(true);
  const fromMs = performance.now();
  await sleep(plan.forMs, undefined, { signal });
  const owed = before + plan.paid();
  const waiting = owed - (await platform.report()).payments;
  await platform.set({});
  plan.onChange(false);
  const untilMs = performance.now();
  while ((await platform.report()).payments < owed) {
    if (performance.now() > untilMs + catchUpWithinMs)
      throw new Error(`the platform had not caught up ${catchUpWithinMs} ms after its return`);
    await sleep(20, undefined, { signal });
  }
  return { fromMs, untilMs, waiting, caughtUpMs: performance.now() - untilMs };
};
