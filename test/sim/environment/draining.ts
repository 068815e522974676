/**
 * Watches what a process does once it is asked to drain: it asks for no decision twice, since what fails meanwhile is not
 * waited for, and when it says that it is done nothing of it is in flight.
 */
import type { CallAbout, CallWatcher, Decision } from "./network.ts";
import type { Process } from "./process.ts";
import { shortName } from "../coupons/stores.ts";

/** Sees calls and what the log asks of a process. */
export interface DrainWatcher extends CallWatcher {
  readonly assigned: (who: Process) => void;
  /** Answers what is to be called when it has drained. */
  readonly askedToDrain: (who: Process) => () => void;
}

/** What a watcher needs to know, and what it notifies. */
export interface DrainOptions {
  /** Records with this reservation and coupon: each may be asked about once. */
  readonly copies: (decision: Decision) => number;
  readonly askedTwice: (what: string, about: readonly string[]) => void;
  readonly goesOn: (what: string, about: readonly string[]) => void;
}

/** A watcher of every process of a world. A drain that outlasts its budget is watched no further. */
export const watchDraining = ({ copies, askedTwice, goesOn }: DrainOptions): DrainWatcher => {
  const inFlight = new Map<Process, Set<CallAbout>>();
  const asked = new Map<Process, Map<string, number>>();
  const ask = ({ from, decides, about }: CallAbout, times: Map<string, number>): void => {
    for (const decision of decides?.() ?? []) {
      const what = `${decision.does} ${shortName(decision.reservationId)} for ${decision.couponId}`;
      const now = (times.get(what) ?? 0) + 1;
      times.set(what, now);
      if (now > 1 && now > copies(decision)) askedTwice(`${from.name} asked for it again: ${what}`, about);
    }
  };
  return {
    began: (call) => {
      inFlight.set(call.from, (inFlight.get(call.from) ?? new Set()).add(call));
      const times = asked.get(call.from);
      if (times !== undefined) ask(call, times);
    },
    heard: (call) => void inFlight.get(call.from)?.delete(call),
    assigned: (who) => void asked.delete(who),
    askedToDrain: (who) => {
      const times = new Map<string, number>();
      for (const call of inFlight.get(who) ?? []) ask(call, times);
      asked.set(who, times);
      return () => {
        if (asked.get(who) !== times || !who.alive()) return;
        asked.delete(who);
        // An append of an earlier assignment may outlast the drain of this one.
        const open = [...(inFlight.get(who) ?? [])].filter(({ to, aside }) => to !== "kafka" && !aside);
        for (const { what, about } of open) goesOn(`${who.name} still waits for ${what()}`, about);
      };
    },
  };
};
