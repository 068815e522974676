/** What is put around the parts of each process of payments so that it comes by its fail points. */
import { subscribe } from "node:diagnostics_channel";
import { ServerResponse } from "node:http";
import type { ProcessHooks } from "../../../ops/processes/process-hooks.ts";
import { trappedLog } from "../coupons/around.ts";
import { type StatementNames, trappedStatements } from "../statements.ts";
import type { Trap } from "../trap.ts";
import type { Role } from "./points.ts";

/** The parts of a process of payments, with a trap at every point of its role. */
export const trappedParts = (role: Role, trap: Trap): ProcessHooks => {
  const named: Trap = (point) => trap(`${role}-${point}`);
  if (role === "api") trapAnswers(named);
  if (role === "external") trapRequests(named);
  return {
    log: (log) => trappedLog(log, named, () => "produce"),
    database: (database) => trappedStatements(database, named, statementNames[role]),
  };
};

/** Statements by how they begin. */
const named =
  (table: readonly (readonly [RegExp, string])[]): StatementNames =>
  (sql) =>
    table.find(([begins]) => begins.test(sql))?.[1];

const paying = named([
  [/^SELECT customer_order\./, "orders-lock"],
  [/^SELECT order_item\./, "items-read"],
  [/^SELECT product_option\./, "options-lock"],
  [/^SELECT user_balance\./, "balances-lock"],
  [/^SELECT user_coupon\./, "coupons-lock"],
  [/^SELECT wanted\.at, payment_key\./, "keys-read"],
  [/^UPDATE [\s\S]*SET customer_order\./, "orders-write"],
  [/^UPDATE [\s\S]*SET product_option\./, "options-write"],
  [/^UPDATE [\s\S]*SET user_balance\./, "balances-write"],
  [/^UPDATE [\s\S]*SET user_coupon\./, "coupons-write"],
  [/^INSERT INTO payment /, "payments-write"],
  [/^INSERT INTO outbox /, "outbox-write"],
  [/^INSERT INTO payment_key /, "keys-write"],
]);

const relaying = named([
  [/^SELECT GET_LOCK\(/, "lead"],
  [/^SELECT outbox\.outbox_no/, "read"],
  [/^UPDATE [\s\S]*SET outbox\.published_at/, "mark"],
  [/^DELETE FROM outbox /, "prune"],
]);

const remembering = named([
  [/^INSERT INTO transaction_history /, "insert"],
  [/^COMMIT$/, "commit"],
]);

/** A COMMIT counts where something was paid before it: most of those that pay nothing are of no interest. */
const payingWithCommits = (): StatementNames => {
  let paid = false;
  return (sql) => {
    if (sql === "START TRANSACTION") {
      paid = false;
      return "transaction";
    }
    const name = paying(sql);
    if (name === "payments-write") paid = true;
    return sql === "COMMIT" && paid ? "commit" : name;
  };
};

const statementNames: Readonly<Record<Role, () => StatementNames>> = {
  api: payingWithCommits,
  relay: () => relaying,
  history: () => remembering,
  external: () => () => undefined,
};

/** Below the framework, where an answer's last bytes are handed to the socket. Only those that say that something was paid. */
const trapAnswers = (trap: Trap): void => {
  const end = ServerResponse.prototype.end;
  const trapped = function (this: ServerResponse, ...args: unknown[]): unknown {
    const isPayment = this.statusCode === 201 && this.req.url === "/v1/payments";
    if (isPayment) trap("answer-before");
    const ended: unknown = Reflect.apply(end, this, args);
    if (isPayment) trap("answer-after");
    return ended;
  };
  Object.assign(ServerResponse.prototype, { end: trapped });
};

/** What undici says of every request: this process sends none but those to the platform. */
const requestPoints = {
  "undici:request:create": "request-before",
  "undici:request:bodySent": "request-sent",
  "undici:request:headers": "request-answered",
  "undici:request:trailers": "request-after",
} as const;

const trapRequests = (trap: Trap): void => {
  for (const [channel, point] of Object.entries(requestPoints)) subscribe(channel, () => trap(point));
};
