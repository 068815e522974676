/** What an application says about a replay before it is done: how letters would be decided now, as far as it can tell. */

/** Sees the value of each letter that would be replayed, then says what it means. */
export interface ReplayAdvisor {
  /** Cheap: it is called for each letter. */
  readonly see: (value: unknown) => void;
  /** Sentences for the operator who decides, such as `60 of them ask for a coupon that is sold out`; none where there is nothing to say. */
  readonly advise: () => Promise<readonly string[]>;
  readonly close: () => Promise<void>;
}

/** Opens an advisor with the application's configuration. */
export type ReplayAdvice<Config> = (config: Config) => Promise<ReplayAdvisor>;
