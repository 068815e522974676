/** A member for contract tests: writes down everything it is told, and lets a test wait for it. */
import {
  type Log,
  type LogListener,
  type LogRecord,
  OffsetOutOfRange,
  type Subscription,
  type TopicPartition,
} from "../log.ts";

/** One thing a listener was told. */
export type Told =
  | { readonly kind: "assigned"; readonly partitions: readonly TopicPartition[] }
  | {
      readonly kind: "records";
      readonly from: TopicPartition;
      readonly records: readonly LogRecord[];
      readonly endOffset: bigint;
    }
  | { readonly kind: "revoking" }
  | { readonly kind: "revoked" }
  | { readonly kind: "failed"; readonly error: Error };

/** How a test's member behaves. */
export interface MemberOptions {
  /** Awaited within `revoking`. */
  readonly onRevoking?: (member: ContractMember) => Promise<void>;
  readonly onRecords?: (member: ContractMember, from: TopicPartition, records: readonly LogRecord[]) => void;
}

/** A subscribed member. */
export class ContractMember {
  readonly told: Told[] = [];
  readonly #options: MemberOptions;
  readonly #waiting = new Set<() => void>();
  #subscription: Subscription | undefined;

  constructor(options: MemberOptions) {
    this.#options = options;
  }

  get subscription(): Subscription {
    if (this.#subscription === undefined) throw new Error("not subscribed yet");
    return this.#subscription;
  }

  /** What it has been assigned last; undefined before the first time. */
  get assigned(): readonly TopicPartition[] | undefined {
    return this.told.findLast((one) => one.kind === "assigned")?.partitions;
  }

  /** Every record of a partition, as they came, since it was last assigned. */
  recordsOf(at: TopicPartition): readonly LogRecord[] {
    const since = this.told.findLastIndex(({ kind }) => kind === "assigned");
    return this.told
      .slice(since + 1)
      .flatMap((one) => (one.kind === "records" && isSame(one.from, at) ? one.records : []));
  }

  count(kind: Told["kind"]): number {
    return this.told.filter((one) => one.kind === kind).length;
  }

  /** Resolves once the claim is true; looked at whenever something is told. */
  async until(claim: (member: this) => boolean): Promise<void> {
    while (!claim(this)) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting.add(resolve);
      await promise;
      this.#waiting.delete(resolve);
    }
  }

  async subscribe(log: Log, groupId: string, topics: readonly string[]): Promise<void> {
    this.#subscription = await log.subscribe({ groupId, topics }, this.#listener);
  }

  readonly #listener: LogListener = {
    assigned: (partitions) => this.#hear({ kind: "assigned", partitions }),
    records: (from, records, endOffset) => {
      this.#hear({ kind: "records", from, records, endOffset });
      this.#options.onRecords?.(this, from, records);
    },
    revoking: async () => {
      this.#hear({ kind: "revoking" });
      await this.#options.onRevoking?.(this);
      this.#hear({ kind: "revoked" });
    },
    failed: (error) => this.#hear({ kind: "failed", error }),
  };

  #hear(told: Told): void {
    this.told.push(told);
    for (const look of this.#waiting) look();
  }
}

/** True for the error that a lost position ends with. */
export const isOutOfRange = (error: unknown): boolean => error instanceof OffsetOutOfRange;

/** The same partition of the same topic. */
export const isSame = (a: TopicPartition, b: TopicPartition): boolean =>
  a.topic === b.topic && a.partition === b.partition;
