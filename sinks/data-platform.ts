/** The external data platform: every payment is sent there over HTTP. The contract is in docs/data-platform.md. */
import type { OrderId, PaymentId } from "../schemas/payment.ts";
import { defineStore } from "../engine/flow/store.ts";
import { contextOfRecord, formatTraceparent } from "../engine/tracing/trace-context.ts";

/** What the platform is sent of a payment; its JSON Schema is docs/data-platform.schema.json. */
export interface PaymentDocument {
  readonly type: "payment-completed";
  /** Of this document. What a receiver may ignore is added without a new one. */
  readonly version: 1;
  readonly paymentId: PaymentId;
  readonly orderId: OrderId;
  readonly userId: string;
  /** What was paid, in won. */
  readonly amount: number;
  /** What coupons took off, in won. */
  readonly discount: number;
  readonly currency: "KRW";
  /** RFC 3339, UTC, with milliseconds. */
  readonly paidAt: string;
}

/** The platform, as we need it. */
export interface DataPlatform {
  /**
   * Sends one document; resolves when the platform has it. Idempotent by the payment's id. `traceparent`: the trace that the
   * request belongs to, if any.
   * @throws Poison DELIVERY_REFUSED naming the payment: the platform will never take it.
   * @throws Unavailable where it is away, slow, busy or wants a pause; it may have taken it all the same.
   * @throws Blocked DELIVERY_DENIED where it answers of us or of the address, and of no payment.
   */
  readonly deliver: (document: PaymentDocument, traceparent?: string) => Promise<void>;
}

/** Takes payments one by one, those of one order in order: one that is refused or held keeps no other from going on. */
export const dataPlatform = defineStore({
  name: "data-platform",
  write: (document: PaymentDocument, { platform }: { readonly platform: DataPlatform }, { headers }) => {
    const trace = contextOfRecord(headers);
    return platform.deliver(document, trace && formatTraceparent(trace));
  },
});
