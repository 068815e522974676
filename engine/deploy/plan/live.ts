/** What was observed of a cluster, its registry and its groups, as plain JSON: a plan is bound to its hash. */
import { canonicalJson, canonicalHash } from "../../flow/graph.ts";
import type { Desired } from "./desired.ts";

/** A topic as the cluster has it. */
export interface LiveTopic {
  readonly partitions: number;
  /** Settings somebody made for this topic. */
  readonly overrides: Readonly<Record<string, string>>;
  /** Settings in force for this topic, wherever they come from, of those that are declared or overridden. */
  readonly effective: Readonly<Record<string, string>>;
}

/** A subject as the registry has it, seen with the declared schema. */
export interface LiveSubject {
  /** Its latest version; null where it has none. */
  readonly latest: number | null;
  /** The declared schema is one of its versions. */
  readonly registered: boolean;
  /** Whether nothing stops the declared schema from being registered. */
  readonly compatible: boolean;
  /** What stops it, in words. */
  readonly why?: string;
  /** Its compatibility level; null where none was set for it. */
  readonly level: string | null;
  /** Dead letters that are readable now and would not be with the declared schema; absent where there are none. */
  readonly strandedLetters?: number;
}

/** Everything that was observed. */
export interface Live {
  readonly clusterId: string;
  /** The last deployment's number; 0 where there is none. */
  readonly deployment: number;
  /** Declared and recorded topics, null where there is none. */
  readonly topics: Readonly<Record<string, LiveTopic | null>>;
  readonly subjects: Readonly<Record<string, LiveSubject>>;
  /** Members of each declared group now. */
  readonly members: Readonly<Record<string, number>>;
  /** Changes of the database's tables that are not made yet, by name. */
  readonly pendingMigrations: readonly string[];
}

/** What was applied last. */
export interface Applied {
  readonly number: number;
  readonly clusterId: string;
  readonly document: Desired;
}

/** What a plan is bound to: all that was observed but group members, which come and go without a change of the plan. */
export const boundOf = ({ members: _, ...observed }: Live): Omit<Live, "members"> => observed;

/** SHA-256, hex, of what a plan is bound to. */
export const liveHash = (live: Live): string => canonicalHash(boundOf(live));

/** Where two observations differ, as paths such as `topics.coupon-issue.partitions`; empty where they are equal. */
export const movedSince = (before: unknown, now: unknown, path = ""): readonly string[] => {
  if (canonicalJson(before ?? null) === canonicalJson(now ?? null)) return [];
  if (!isPlain(before) || !isPlain(now)) return [path];
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])].sort();
  return names.flatMap((name) => movedSince(before[name], now[name], path === "" ? name : `${path}.${name}`));
};

const isPlain = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
