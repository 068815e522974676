/** The fail points of payments: the moments at which the API, the relay and the two workers behind it can be made to die. */
import type { FailPoint } from "../coupons/points.ts";

/** A process of payments that can be armed. */
export type Role = "api" | "relay" | "history" | "external";

/** A {@link FailPoint} of one of the processes of payments. */
export interface PayPoint extends FailPoint {
  readonly role: Role;
}

const pointsOf =
  (role: Role) =>
  (name: string, about: string, windows: readonly number[], comes: FailPoint["comes"] = "often"): PayPoint => ({
    role,
    name: `${role}-${name}`,
    about,
    windows,
    comes,
  });

const api = pointsOf("api");
const relay = pointsOf("relay");
const history = pointsOf("history");
const external = pointsOf("external");

/** Every fail point of payments, in the order in which a payment meets them. */
export const payPoints: readonly PayPoint[] = [
  api("transaction-before", "a transaction of payments is about to begin", [27]),
  api("orders-lock-after", "orders are locked", [27]),
  api("items-read-after", "the lines of orders have been read", [27]),
  api("options-lock-after", "options are locked", [27]),
  api("balances-lock-after", "balances are locked", [27]),
  api("coupons-lock-after", "coupons are locked", [27]),
  api("keys-read-after", "keys have been read, nothing is decided", [27]),
  api("orders-write-after", "orders are paid, not committed", [27]),
  api("options-write-after", "units are taken from options, not committed", [27]),
  api("balances-write-after", "won are taken from balances, not committed", [27]),
  api("coupons-write-after", "coupons are used, not committed", [27]),
  api("payments-write-after", "payments are written, not committed", [25, 27]),
  api("outbox-write-after", "rows of the outbox are written, not committed", [25, 27]),
  api("keys-write-after", "keys are written, not committed", [25, 27]),
  api("commit-before", "the COMMIT of payments is about to be sent", [25, 27]),
  api("commit-sent", "that COMMIT was sent, its answer has not been read", [25, 27]),
  api("commit-after", "that COMMIT was answered, no client is answered", [25, 27]),
  api("answer-before", "a client is about to be answered, others of its transaction may have been", [27]),
  api("answer-after", "a client has just been answered", [25]),
  relay("lead-after", "the lead is taken", [26], "seldom"),
  relay("read-rows", "rows of the outbox have been read", [26]),
  relay("produce-before", "payments are about to be written to one partition", [26]),
  relay("produce-after", "they were acknowledged, their rows are not marked", [25, 26]),
  relay("mark-before", "all of a batch were acknowledged, its rows are about to be marked", [25, 26]),
  relay("mark-sent", "the mark was sent, its answer has not been read", [25, 26]),
  relay("mark-after", "rows are marked", [26]),
  relay("prune-before", "old rows are about to be deleted", [26], "seldom"),
  relay("prune-sent", "their deletion was sent, its answer has not been read", [26], "seldom"),
  relay("prune-after", "old rows are deleted", [26], "seldom"),
  history("records", "payments have been fetched", [4], "seldom"),
  history("insert-before", "a round is about to be inserted", [4]),
  history("insert-sent", "the round was sent, its answer has not been read", [4]),
  history("insert-after", "the round is inserted, not committed", [4]),
  history("commit-before", "its COMMIT is about to be sent", [4, 12]),
  history("commit-sent", "its COMMIT was sent, its answer has not been read", [4, 12]),
  history("commit-after", "its COMMIT was answered, its offsets are unfinished", [4, 16]),
  history("offsets-before", "offsets are about to be committed", [4, 16], "seldom"),
  history("offsets-after", "offsets have been committed", [16], "seldom"),
  external("records", "payments have been fetched", [24], "seldom"),
  external("request-before", "a payment is about to be posted to the platform", [24]),
  external("request-sent", "it was posted, the platform has not answered", [24]),
  external("request-answered", "the platform has answered, the answer has not been read", [24]),
  external("request-after", "the answer has been read, its offset is unfinished", [24, 16]),
  external("offsets-before", "offsets are about to be committed", [24, 16], "seldom"),
  external("offsets-after", "offsets have been committed", [24, 16], "seldom"),
];
