/** What `sluice verify` checks of an application: subjects, each with claims that are compared with what is found. */
import type { EngineConfig } from "../config/engine-config.ts";

/** One claim and what breaks it. */
export interface Check {
  /** The claim, in words. */
  readonly claim: string;
  /** How many things were looked at. */
  readonly looked: number;
  /** How many of them break the claim. */
  readonly broken: number;
  /** How many more would, but are not decided yet: pending, not broken. */
  readonly pending: number;
  /** How many could not be compared: they are older than the oldest record of a topic. Absent where that cannot be. */
  readonly older?: number;
  /** A few of those that break it, in words. */
  readonly examples: readonly string[];
  /**
   * Names of those that break it, the same whenever the same is found: so a watch tells what is wrong from what was under way. Where
   * there are thousands, the first of them. Default: the examples.
   */
  readonly found?: () => ReadonlySet<string>;
}

/** What was found of one subject. */
export interface Verified {
  readonly checks: readonly Check[];
  readonly warnings?: readonly string[];
  /** For programs: part of what `--json` prints. */
  readonly data?: Readonly<Record<string, unknown>>;
}

/** An option of `sluice verify`, as commander writes it: `--users <prefix>`. */
export interface VerifyOption {
  readonly flags: string;
  readonly description: string;
  /** Used where it is not given. */
  readonly preset?: string;
  /** @throws InvalidArgumentError (commander) where the text is wrong. */
  readonly parse?: (text: string) => string;
}

/** Looks at what is new of a subject, look by look. */
export interface Follower {
  /**
   * Looks at what came since the last look; the first one only begins. Answers how many things in it look wrong. What looked wrong
   * is forgotten: a full look follows. @throws where something is unreachable: the next look goes on
   */
  readonly look: () => Promise<number>;
  readonly close: () => Promise<void>;
}

/** A subject of `sluice verify`. */
export interface Verification<Config extends EngineConfig = EngineConfig> {
  /** Names it on the command line: `sluice verify <subject>`. */
  readonly subject: string;
  /** What is checked, in a sentence. */
  readonly description: string;
  readonly options?: readonly VerifyOption[];
  /** Reads everything afresh and checks it. `options` are those given, in camel case. @throws where something is unreachable. */
  readonly run: (config: Config, options: Readonly<Record<string, string | undefined>>) => Promise<Verified>;
  /**
   * Opens what `verify --watch` looks with between two full looks; without it, only full looks see something. What it reads may be
   * away.
   */
  readonly follow?: (config: Config) => Promise<Follower>;
}
