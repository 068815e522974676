/** What is known of one order and its payment, and where it was read. */
import type { ReservationId } from "../../schemas/coupon.ts";
import type { OrderId, PaymentCompleted } from "../../schemas/payment.ts";
import type { OrderRow, OutboxRow } from "../../stores/mysql/story/payment-rows.ts";
import type { LettersFound } from "./letters.ts";
import type { Searched } from "./search.ts";
import type { Story } from "./story.ts";

/** A group that reads payments. */
export interface Reader {
  readonly topology: string;
  /** The next offset it takes of the payment's partition. */
  readonly committed: bigint | undefined;
  /** Absent where the record is not known. */
  readonly letters: LettersFound | undefined;
}

/** Facts about an order and its payment: at least one of the two is there. */
export interface PaymentFacts {
  /** What was asked about. */
  readonly subject: Story["subject"];
  readonly now: number;
  readonly orderId: OrderId;
  readonly order: OrderRow | undefined;
  readonly coupons: readonly ReservationId[];
  readonly payment: PaymentCompleted | undefined;
  readonly outbox: readonly OutboxRow[];
  /** How long the outbox keeps rows, ms. */
  readonly outboxKeptMs: number;
  readonly record: Searched<PaymentCompleted>;
  readonly history: PaymentCompleted | undefined;
  readonly historyReader: Reader;
  readonly externalReader: Reader;
}
