/**
 * Watches that a coupon is decided in one place at a time: the database never decides two rounds of it at once, a repair is alone,
 * and two processes never have effects on it in flight at once. The gate may take for the next round while the one before it is
 * decided; also while that one takes again, because it is decided anew.
 */
import type { CallAbout, CallWatcher } from "./network.ts";

/** A watcher; `broke` is called for every overlap. Reading is no effect, and an append is no decision. */
export const watchOwnership = (broke: (what: string, couponId: string) => void): CallWatcher => {
  const inFlight = new Map<string, Set<CallAbout>>();
  const clashes = (one: CallAbout, other: CallAbout): boolean =>
    one.from !== other.from ||
    [one.kind, other.kind].includes("sole") ||
    (one.kind === "decide" && other.kind === "decide");
  return {
    began: (call) => {
      if (call.kind === "read") return;
      for (const couponId of call.about) {
        const others = inFlight.get(couponId) ?? new Set();
        inFlight.set(couponId, others);
        for (const other of others) {
          if (clashes(call, other))
            broke(`${call.from.name} began ${call.what()} beside ${other.from.name}'s ${other.what()}`, couponId);
        }
        others.add(call);
      }
    },
    over: (call) => {
      for (const couponId of call.about) inFlight.get(couponId)?.delete(call);
    },
  };
};
