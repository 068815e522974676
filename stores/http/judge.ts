/** What an answer of the data platform means: the table of docs/data-platform.md and docs/reference/errors.md as code. */

/** What is looked at of an answer. */
export interface Answer {
  readonly status: number;
  /** Undefined where it could not be read, or was too long. */
  readonly text: string | undefined;
}

/**
 * - `delivered`: the platform has the payment.
 * - `refused`: it will never take this payment.
 * - `busy`: later. It wants us to slow down, or is at work on an earlier attempt.
 * - `denied`: what it says is of us or of the address, not of the payment. Held like an outage; an operator has to act.
 * - `failing`: it cannot answer now.
 */
export type Judgement = "delivered" | "refused" | "busy" | "denied" | "failing";

/** One row of the table: a status, or a class of them. */
export interface StatusRow {
  readonly statuses: readonly number[];
  readonly means: Judgement;
  /** Without its full stop, for the page. */
  readonly why: string;
}

/**
 * What a status means by itself. A refusal has to be about the document: everything else that a 4xx may say is the same for
 * every payment, and dead-lettering them would empty the topic. Any other 4xx is `denied`, any other status `failing`.
 */
export const statusTable: readonly StatusRow[] = [
  { statuses: [400], means: "refused", why: "the document is malformed to it" },
  { statuses: [413], means: "refused", why: "the document is too large for it" },
  { statuses: [422], means: "refused", why: "it does not take this document, or has its key with another one" },
  { statuses: [408, 425, 429], means: "busy", why: "it wants the request later" },
  {
    statuses: [409],
    means: "busy",
    why: "an earlier attempt with this key is under way (draft-ietf-httpapi-idempotency-key-header); `delivered` where the body names the payment",
  },
  { statuses: [423], means: "busy", why: "something is locked there" },
  { statuses: [424], means: "failing", why: "something it depends on failed" },
  { statuses: [401, 402, 403, 407, 511], means: "denied", why: "who we are, or may do, or have paid for" },
  { statuses: [404, 405, 410, 414, 421, 451], means: "denied", why: "the address, or where we ask from" },
  {
    statuses: [406, 411, 412, 415, 417, 426, 428, 431, 505],
    means: "denied",
    why: "how every request of ours is made",
  },
];

const byStatus: ReadonlyMap<number, Judgement> = new Map(
  statusTable.flatMap(({ statuses, means }) => statuses.map((status) => [status, means] as const)),
);

/** Judges the answer to a payment. */
export const judge = ({ status, text }: Answer, paymentId: string): Judgement => {
  if (status >= 200 && status < 300) return "delivered";
  if (status === 409 && namesPayment(text, paymentId)) return "delivered";
  const known = byStatus.get(status);
  if (known !== undefined) return known;
  // A redirect is not followed: the platform is at the configured address.
  return status >= 300 && status < 500 ? "denied" : "failing";
};

/** By contract a 409 that names this payment says that the platform has it already. */
const namesPayment = (text: string | undefined, paymentId: string): boolean => {
  try {
    const body: unknown = JSON.parse(text ?? "");
    return typeof body === "object" && body !== null && "paymentId" in body && body.paymentId === paymentId;
  } catch {
    return false;
  }
};
