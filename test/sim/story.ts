/** What all worlds have in common: a seed is a story, a story ends with what was not as claimed, and claims are promises. */
import type { Codec } from "../../engine/avro/codec.ts";
import type { Happening } from "./trace.ts";
import type { Profile } from "./environment/weather.ts";

/** Something that is not as claimed. */
export interface Broken<Claim extends string = string> {
  readonly claim: Claim;
  readonly what: string;
  /** Coupons or orders it is about; empty where it concerns everybody. */
  readonly about: readonly string[];
}

/** Called with what is not as claimed. */
export type Broke<Claim extends string = string> = (claim: Claim, what: string, about?: readonly string[]) => void;

/** Where a claim must hold. Elsewhere a break of it is a known gap, which is counted and not hidden. */
export type Where = "always" | readonly Profile[] | "not yet";

/** Claims, and the worlds each is promised in. */
export type Promises = Readonly<Record<string, Where>>;

/** True where a claim must hold in such a world. */
export const isPromised = (promises: Promises, claim: string, profile: Profile): boolean => {
  const where = promises[claim];
  return where === "always" || (where !== undefined && where !== "not yet" && where.includes(profile));
};

/** One moment at which a process dies, in an otherwise fixed story. */
export type CrashPoint =
  /** After the turn with this number, counted from 1; `place`: whose process, counted from 0. */
  | { readonly afterTurn: number; readonly place: number }
  /** Before it sends the call with this number: within a turn. */
  | { readonly beforeCall: number };

/** How a seed ended. */
export interface Simulated {
  readonly seed: number;
  readonly profile: Profile;
  /** Places that processes live in. */
  readonly places: number;
  /** What was asked for: records of requests, or asks to pay. */
  readonly asked: number;
  /** Everything that was not as claimed, promised or not. */
  readonly broken: readonly Broken[];
  /** How often things happened that claims are about: what never happens is never proved. */
  readonly counts: Readonly<Record<string, number>>;
  /** Empty unless it was asked for. */
  readonly happenings: readonly Happening[];
  /** Virtual ms it took. */
  readonly tookMs: number;
  /** Turns it took, and calls that were made. */
  readonly turns: number;
  readonly calls: number;
  /** Whether `crash` found a process to kill. */
  readonly crashed: boolean;
}

/** How a seed is run. */
export interface StoryOptions {
  readonly codec: Codec;
  readonly traced?: boolean;
  readonly crash?: CrashPoint;
}

/** Kinds of worlds. */
export const kinds = ["coupons", "payments"] as const;
/** One of {@link kinds}. */
export type Kind = (typeof kinds)[number];

/** The stories of one kind of world, each by its seed. */
export interface Stories {
  readonly kind: Kind;
  readonly promises: Promises;
  /** Runs a seed. The same seed with the same code gives the same run, traced or not. */
  readonly simulate: (seed: number, options: StoryOptions) => Promise<Simulated>;
}
