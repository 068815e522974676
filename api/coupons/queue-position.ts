/**
 * A request's position in the queue: how many records of its partition come before it, and about how long they take. Pure: what
 * the log says is told to it.
 *
 * The number counts records of the partition behind what the workers' group has committed. Other coupons of the partition are
 * among them, and so is what is decided and not committed yet (a group commits once a second, and not past a record that is
 * held), so at most so many come before it. 0 is said of the next one, of one that is being decided, and of one that was passed:
 * then its verdict is there, or it is a dead letter.
 */

/** Where the log has a request's record: its place, in the topic of requests. */
export interface RecordPlace {
  readonly partition: number;
  readonly offset: bigint;
}

/** What the log says of one partition. */
export interface PartitionLook {
  /** The next offset that the group reads; undefined where it has committed nothing. */
  readonly committed: bigint | undefined;
  /** The offset after the last record; asked for after `committed`. */
  readonly end: bigint;
}

/** What the log said at one moment. */
export interface QueueLook {
  /** Epoch ms, by a clock that is never set back. */
  readonly atMs: number;
  /** By partition. */
  readonly partitions: readonly PartitionLook[];
}

/** What a client is told. */
export interface QueuePosition {
  /** At most so many records are decided before it. */
  readonly before: number;
  /** About how long that takes at the pace of now, whole seconds, 1 to 3,600; absent where it is not known, or longer. */
  readonly aboutSeconds?: number;
}

/** What is known of the queue. */
export interface QueueState {
  /** The log was looked at. To tell of one look twice changes nothing. */
  readonly looked: (look: QueueLook) => void;
  /** Undefined where nothing is known of its partition. The number of one record never rises, but where its topic was made anew. */
  readonly positionOf: (at: RecordPlace) => QueuePosition | undefined;
}

/** Nothing is known yet. */
export const createQueueState = (): QueueState => {
  const partitions: PartitionPace[] = [];
  let lastAtMs: number | undefined;
  return {
    looked: ({ atMs, partitions: looks }) => {
      if (atMs === lastAtMs) return;
      lastAtMs = atMs;
      for (const [partition, look] of looks.entries()) {
        const pace = partitions[partition] ?? new PartitionPace();
        partitions[partition] = pace;
        pace.looked(look, atMs);
      }
    },
    positionOf: ({ partition, offset }) => {
      const pace = partitions[partition];
      if (pace === undefined) return undefined;
      const { decided } = pace;
      if (offset < decided) return { before: 0 };
      const before = Number(offset - decided);
      const aboutSeconds = pace.secondsFor(before + 1);
      return aboutSeconds === undefined ? { before } : { before, aboutSeconds };
    },
  };
};

/** The pace is that of the looks of this time: long enough to be even, short enough to be that of now. */
const windowMs = 30_000;
/** Of a shorter time nothing is said: looks and commits, once a second each, are too coarse for it. */
const leastMs = 2_000;
/** Nothing longer is said: nobody waits so long for a page, and until then the pace has changed. */
const mostSeconds = 3_600;

interface Sample {
  readonly atMs: number;
  readonly decided: bigint;
}

/** One partition: how far it is decided, and how fast that goes while there is something to decide. */
class PartitionPace {
  decided = 0n;
  #samples: Sample[] = [];

  looked({ committed = 0n, end }: PartitionLook, atMs: number): void {
    // A log that ends before what was decided was made anew. Otherwise what is decided stays so, also when an operator takes
    // the group back: what is read again has its verdicts.
    const isAnother = end < this.decided;
    this.decided = isAnother || committed > this.decided ? committed : this.decided;
    // Without a queue nothing says how fast one would be decided.
    if (isAnother || this.decided >= end) this.#samples = [];
    if (this.decided >= end) return;
    this.#samples = this.#samples.filter((sample) => sample.atMs >= atMs - windowMs);
    this.#samples.push({ atMs, decided: this.decided });
  }

  secondsFor(records: number): number | undefined {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (first === undefined || last === undefined || last.atMs - first.atMs < leastMs) return undefined;
    const decided = Number(last.decided - first.decided);
    const seconds = Math.ceil((records * (last.atMs - first.atMs)) / (1_000 * decided));
    return seconds <= mostSeconds ? seconds : undefined;
  }
}

/** A place as a query says it: `<partition>-<offset>`. */
export const recordPlacePattern = "^(0|[1-9][0-9]{0,5})-(0|[1-9][0-9]{0,17})$";

/** The place as {@link recordPlacePattern} has it. */
export const textOfPlace = ({ partition, offset }: RecordPlace): string => `${partition}-${offset}`;

/** The place that a text says; undefined where it says none. */
export const placeFrom = (text: unknown): RecordPlace | undefined => {
  if (typeof text !== "string") return undefined;
  const [, partition, offset] = new RegExp(recordPlacePattern).exec(text) ?? [];
  if (partition === undefined || offset === undefined) return undefined;
  return { partition: Number(partition), offset: BigInt(offset) };
};
