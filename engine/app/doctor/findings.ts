/** Judges another machine's clock, and how a connection to it is protected. Pure. */
import { isLoopback } from "../../connect/loopback.ts";
import type { Finding } from "./checkup.ts";

/** More than this between two clocks is worth a warning: log lines, rows and records are hard to compare. */
export const clockToleranceMs = 1_000;

/** When something was asked, and what its clock said; all epoch ms. */
export interface ClockReading {
  readonly askedAt: number;
  readonly answeredAt: number;
  readonly now: number;
}

/** How far a clock is ahead of this machine's, ms; negative where it is behind. Half of the answer's time is on the way. */
export const aheadMs = ({ askedAt, answeredAt, now }: ClockReading): number =>
  Math.round(now - (askedAt + answeredAt) / 2);

/** A finding about a clock; `whose` is its owner, such as `database`. */
export const clockFinding = (whose: string, reading: ClockReading): Finding => {
  const ahead = aheadMs(reading);
  const found = `the ${whose}'s clock is ${Math.abs(ahead)} ms ${ahead < 0 ? "behind" : "ahead of"} this machine's`;
  // What a slow answer leaves open is no difference.
  const uncertainMs = (reading.answeredAt - reading.askedAt) / 2;
  return Math.abs(ahead) <= clockToleranceMs + uncertainMs
    ? { level: "ok", found }
    : { level: "warn", found, fix: `Synchronise the clocks of both machines (NTP): more than ${clockToleranceMs} ms.` };
};

/** A connection as it is to be judged. */
export interface ConnectionSecurity {
  readonly encrypted: boolean;
  /** Hosts that are talked to. */
  readonly hosts: readonly string[];
  readonly environment: "development" | "production";
}

/** A finding about encryption: only what leaves the machine in production has to be. `fix` says how it is turned on. */
export const encryptionFinding = ({ encrypted, hosts, environment }: ConnectionSecurity, fix: string): Finding => {
  if (encrypted) return { level: "ok", found: "encrypted (TLS)" };
  if (hosts.every(isLoopback)) return { level: "ok", found: "not encrypted, on loopback" };
  const found = `not encrypted: ${hosts.join(", ")}`;
  return environment === "production" ? { level: "warn", found, fix } : { level: "ok", found };
};
