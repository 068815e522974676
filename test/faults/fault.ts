/** What a fault is: a name, what is done to the pipeline, and what came of it. */
import type { Chance } from "./chance.ts";
import type { Death } from "./coupons/crash-chain.ts";
import type { Findings } from "./coupons/judge.ts";
import type { Scene } from "./coupons/scene.ts";

/** How a fault is tried, on which stage. */
export interface FaultRunOf<Stage> {
  readonly scene: Stage;
  readonly chance: Chance;
  /** How often. */
  readonly times: number;
  /** Only these fail points; all where it is empty. Other faults have none. */
  readonly points: readonly string[];
  readonly say: (text: string) => void;
}

/** What came of it. */
export interface TriedOf<Found> {
  /** How often it really struck. */
  readonly times: number;
  /** What did not go as planned: a death elsewhere, a worker that ended by itself, an answer that never came. */
  readonly missed: readonly string[];
  /** From each strike, or from the end of an outage, to the next verdict of the partitions that made no progress. */
  readonly recoveriesMs: readonly number[];
  readonly findings: Found;
  /** What else was seen, in words: how much memory something took, say. */
  readonly notes?: readonly string[];
  /** By fail point, where there are any. */
  readonly deaths?: readonly (Death & { readonly maxRound?: number })[];
}

/** A kind of fault, with its stage and what is found there. */
export interface FaultOf<Stage, Found> {
  /** Unique, also among fail points. */
  readonly name: string;
  /** What is done, as a sentence without its full stop. */
  readonly about: string;
  /** The failure windows it is about; see windows.ts. */
  readonly windows: readonly number[];
  /** How often; the command line may change it. */
  readonly times: number;
  /** What it is tried on; 3 only where one of them is to die. */
  readonly brokers: 1 | 3;
  /** First come, first served is not promised: the gate forgets what it gave to whom (test/sim/README.md). */
  readonly unordered?: boolean;
  /** The longest recovery that is promised; where left out none is measured. */
  readonly recoverWithinMs?: number;
  readonly run: (run: FaultRunOf<Stage>) => Promise<TriedOf<Found>>;
}

/** A fault of coupon issuing. */
export type Fault = FaultOf<Scene, Findings>;

/** How it is tried. */
export type FaultRun = FaultRunOf<Scene>;

/** What came of it. */
export type Tried = TriedOf<Findings>;
