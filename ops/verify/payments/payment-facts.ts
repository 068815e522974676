/** What the verifier reads about payments: the database, the topic, the history, and the platform if it can be asked. */
import type { Payment } from "../../../processors/payments/payment-ports.ts";
import type { PaymentId } from "../../../schemas/payment.ts";
import type { LetterFacts } from "../letters.ts";
import type { Rows } from "../rows/rows.ts";
import type { PaymentBooks } from "../../../stores/mysql/payments/payment-audit.ts";

/** A payment in the topic. */
export interface PublishedPayment {
  readonly payment: Payment;
  /** Its first place. */
  readonly partition: number;
  readonly offset: bigint;
  /** Another record with its id has other contents. */
  readonly contradicted: boolean;
}

/** What the outbox has of a payment. */
export interface OutboxState {
  readonly rows: number;
  /** Every one of them. */
  readonly published: boolean;
}

/** A group that reads the topic. */
export interface DownstreamGroup {
  readonly id: string;
  /** The next offset it reads, by partition; undefined where it has committed nothing. */
  readonly committed: readonly (bigint | undefined)[];
  /** Records in its dead-letter topic. */
  readonly deadLetters: number;
  /** What became of them; absent where nobody looked. */
  readonly letters?: LetterFacts<PaymentId>;
}

/** Everything there is to compare. */
export interface PaymentFacts {
  readonly payments: Rows<PaymentId, Payment>;
  readonly outbox: Rows<PaymentId, OutboxState>;
  /** Copies of a record count once, at their first offset. */
  readonly published: Rows<PaymentId, PublishedPayment>;
  readonly history: Rows<PaymentId, Payment>;
  /** Effects of each payment; undefined where the platform was not asked. */
  readonly platform: Rows<PaymentId, number> | undefined;
  readonly historyGroup: DownstreamGroup;
  readonly externalGroup: DownstreamGroup;
  readonly books: PaymentBooks;
  /** What was paid before may be gone from the outbox, epoch ms: published rows are pruned. */
  readonly outboxSince: number;
  /** The topic has everything that was published since then, epoch ms: 0 where it has all there ever was. */
  readonly topicSince: number;
}
