/** What an answer of the data platform means: the table of docs/data-platform.md as code. */

/** What is looked at of an answer. */
export interface Answer {
  readonly status: number;
  /** Undefined where it could not be read, or was too long. */
  readonly text: string | undefined;
}

/**
 * - `delivered`: the platform has the payment.
 * - `refused`: it will never take this payment.
 * - `busy`: it wants us to slow down (408, 429).
 * - `failing`: it cannot answer now, or is not at the configured address.
 */
export type Judgement = "delivered" | "refused" | "busy" | "failing";

/** Judges the answer to a payment. */
export const judge = ({ status, text }: Answer, paymentId: string): Judgement => {
  if (status >= 200 && status < 300) return "delivered";
  if (status === 409 && namesPayment(text, paymentId)) return "delivered";
  if (status === 408 || status === 429) return "busy";
  // A redirect is about the address and not about the payment. It is not followed: the platform is at the configured address.
  if (status >= 400 && status < 500) return "refused";
  return "failing";
};

/** By contract a 409 that names this payment says that the platform has it already; any other is a refusal. */
const namesPayment = (text: string | undefined, paymentId: string): boolean => {
  try {
    const body: unknown = JSON.parse(text ?? "");
    return typeof body === "object" && body !== null && "paymentId" in body && body.paymentId === paymentId;
  } catch {
    return false;
  }
};
