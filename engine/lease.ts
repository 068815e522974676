/** Who may write for a partition: a lease with an epoch, so that a worker that lost it without knowing can change nothing. */

/** One partition of one topology's source. */
export interface LeasedPartition {
  readonly topology: string;
  readonly topic: string;
  readonly partition: number;
}

/**
 * The right to write for a partition; its holder may take it again, so its epoch is read when it is used. Every store that knows of a higher epoch refuses it
 * (`Fenced`). Epochs of one
 * partition only rise.
 */
export interface Fence extends LeasedPartition {
  /** 1 and up. */
  readonly epoch: number;
}

/** Where leases are taken. */
export interface Leases {
  /**
   * Takes a partition over: raises its epoch, after what writes under the old one has ended. Whatever the last holder
   * still sends is refused from then on. Taking twice raises it twice, which does no harm. `holder` is for people to read. The
   * new epoch is higher than `above`, which another store knows: a database that was restored has forgotten its latest ones.
   * @throws Unavailable @throws Retriable
   */
  readonly take: (partition: LeasedPartition, holder: string, above?: number) => Promise<Fence>;
}

/**
 * Epochs beyond this are none that a lease came to, one take-over a second for 30,000 years: somebody else wrote it. It is not
 * followed, because nothing could be higher in the end, and a store need not believe it.
 */
export const highestEpoch = 2 ** 40;
