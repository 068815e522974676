/** What the stand-in platform did: each payment's effects, counted, and what every request came to. */
import { createHash } from "node:crypto";

/** What it says of itself. */
export interface PlatformReport {
  /** Requests that arrived, answered or not. */
  readonly requests: number;
  /** Effects in all, and the payments they are about: more effects than payments is a payment that took effect twice. */
  readonly effects: number;
  readonly payments: number;
  readonly paymentsTwice: number;
  /** Requests with a key and document that were known: answered again, no effect. */
  readonly repeated: number;
  /** Requests with a known key and another document: 422. */
  readonly differing: number;
  /** Requests that are not of the contract: 400. */
  readonly malformed: number;
  /** Requests that met a fault that was set. */
  readonly faulted: number;
  readonly inFlight: number;
  readonly maxInFlight: number;
}

/** The counts of a platform; bounded by `maxPayments` keys, about 250 bytes each. */
export class Effects {
  readonly #keys = new Map<string, string>();
  readonly #payments = new Map<string, number>();
  readonly #counts = { requests: 0, effects: 0, repeated: 0, differing: 0, malformed: 0, faulted: 0 };
  readonly #maxPayments: number;
  #inFlight = 0;
  #maxInFlight = 0;

  constructor(maxPayments: number) {
    this.#maxPayments = maxPayments;
  }

  /**
   * Takes a document. Known by its key, but counted by its payment: a sender that gives one payment two keys is found out.
   * `full`: as many keys are kept as may be; nothing is done.
   */
  take(key: string, paymentId: string, document: unknown): "taken" | "repeated" | "differing" | "full" {
    const digest = createHash("sha256").update(JSON.stringify(document)).digest("base64").slice(0, 22);
    const known = this.#keys.get(key);
    if (known === undefined && this.#keys.size >= this.#maxPayments) return "full";
    if (known === undefined) {
      this.#keys.set(key, digest);
      this.#payments.set(paymentId, (this.#payments.get(paymentId) ?? 0) + 1);
      this.#counts.effects++;
      return "taken";
    }
    const how = known === digest ? "repeated" : "differing";
    this.#counts[how]++;
    return how;
  }

  /** A request arrived. */
  arrived(): void {
    this.#counts.requests++;
    this.#maxInFlight = Math.max(this.#maxInFlight, ++this.#inFlight);
  }

  /** A request was answered, or its connection is gone. */
  left(): void {
    this.#inFlight--;
  }

  /** A request was no request, or met a fault. */
  count(what: "malformed" | "faulted"): void {
    this.#counts[what]++;
  }

  /** How many effects each payment had. */
  get payments(): ReadonlyMap<string, number> {
    return this.#payments;
  }

  report(): PlatformReport {
    let paymentsTwice = 0;
    for (const effects of this.#payments.values()) if (effects > 1) paymentsTwice++;
    return {
      ...this.#counts,
      payments: this.#payments.size,
      paymentsTwice,
      inFlight: this.#inFlight,
      maxInFlight: this.#maxInFlight,
    };
  }
}
