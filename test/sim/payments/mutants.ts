/** What a world of payments must notice: the same code with one line broken. */
import type { Mutant } from "../mutant.ts";
import type { PaymentScenario } from "./scenario.ts";

const kind = "payments" as const;

const decide = "processors/payments/decide-payments.ts";
const pay = "api/payments/pay.ts";
const relay = "engine/outbox/relay.ts";
const table = "engine/outbox/memory-outbox.ts";
const rule = "processors/memory/rule-payment-book.ts";

/** The log is away while relays lose the lead, or leave, again and again. */
const unheard = (incident: "sever" | "leave"): Partial<PaymentScenario> => ({
  ...{ profile: "orderly", apis: 1, relays: 3, stormMs: 4_000 },
  outages: Array.from({ length: 6 }, (_, n) => ({ service: "kafka", fromMs: n * 600, untilMs: n * 600 + 500 })),
  incidents: Array.from({ length: 24 }, (_, n) => ({ kind: incident, atMs: n * 150, forMs: 100, place: 1 + (n % 3) })),
});

const deciding: readonly Mutant[] = [
  {
    ...{ kind, file: decide },
    breaks: "keys: what a key has paid is not looked at",
    line: "if (before !== undefined) return replay(ask, before);",
    instead: "",
  },
  {
    ...{ kind, file: decide },
    breaks: "keys: one that has paid another order is answered with that",
    line: 'if (!fingerprint.equals(ask.fingerprint)) return { kind: "mismatch" };',
    instead: "",
  },
  {
    ...{ kind, file: decide },
    breaks: "orders: another user's may be paid",
    line: "if (order === undefined || order.userId !== ask.userId)",
    instead: "if (order === undefined)",
  },
  {
    ...{ kind, file: decide },
    breaks: "orders: two asks of one transaction may pay the same",
    line: "if (order.paid || paidOrders.has(order.orderId))",
    instead: "if (order.paid)",
  },
  {
    ...{ kind, file: decide },
    breaks: "stock: taken without a look whether there is enough",
    line: "return available < wanted ? [{ optionId, wanted, left: available }] : [];",
    instead: "return available < 0 ? [{ optionId, wanted, left: available }] : [];",
  },
  {
    ...{ kind, file: decide },
    breaks: "balances: taken without a look whether there is enough",
    line: 'if (balance < amount) return { kind: "balanceTooLow", amount, balance };',
    instead: "",
  },
  {
    ...{ kind, file: decide },
    breaks: "coupons: two orders of one transaction may use the same",
    line: 'if (coupon.used || usedCoupons.has(reservationId)) return "used";',
    instead: 'if (coupon.used) return "used";',
  },
  {
    ...{ kind, file: decide },
    breaks: "coupons: an expired one may be used",
    line: 'if (coupon.expiresAt <= known.now) return "expired";',
    instead: "",
  },
  {
    ...{ kind, file: decide },
    breaks: "discounts: more may be taken off than the total",
    line: "return Math.min(sum, total) as Won;",
    instead: "return sum as Won;",
  },
];

const asking: readonly Mutant[] = [
  {
    ...{ kind, file: pay },
    breaks: "asking again: under a new payment id",
    seed: 9,
    line: "const answers = await parameters.payments.pay(live.map(({ ask }) => ask));",
    instead:
      'const answers = await parameters.payments.pay(live.map(({ ask }) => ({ ...ask, paymentId: v7({ msecs: parameters.clock.now(), random: Buffer.from(ask.paymentId.replaceAll("-", ""), "hex") }) })));',
  },
  {
    ...{ kind, file: pay },
    breaks: "in doubt: a lost COMMIT is answered as nothing paid",
    seed: 51,
    line: "if (error instanceof PaymentInDoubt) for (const waiting of live) waiting.mayBePaid = true;",
    instead: "",
  },
  {
    ...{ kind, file: pay },
    breaks: "in doubt: a lock after a lost COMMIT is answered as nothing paid",
    seed: 51,
    line: 'return isInDoubt(live, error) ? "again" : notifyAll(live, [{ error }]);',
    instead: "return notifyAll(live, [{ error }]);",
  },
  {
    ...{ kind, file: pay },
    breaks: "one by one: a payment is answered when the last of its transaction is settled",
    seed: 6,
    line: "await Promise.race([notified.promise, queue.ask(mine)]);",
    instead: "await queue.ask(mine);",
  },
  {
    ...{ kind, file: pay },
    breaks: "deadlines: a payment that was answered as not made is made later",
    seed: 1,
    line: "const live = asked.filter(({ deadline }) => !deadline.passed());",
    instead: "const live = asked;",
  },
  {
    ...{ kind, file: "api/http/deadline.ts" },
    breaks: "deadlines: one that is three times as late",
    seed: 5,
    line: "const cancel = clock.after(limitMs, () => {",
    instead: "const cancel = clock.after(limitMs * 3, () => {",
  },
  {
    ...{ kind, file: pay },
    breaks: "deadlines: an attempt in flight is answered as nothing paid",
    seed: 5,
    line: "if (mine.inFlight || mine.mayBePaid) {",
    instead: "if (mine.mayBePaid) {",
  },
];

const writing: readonly Mutant[] = [
  {
    ...{ kind, file: rule },
    breaks: "writing: a paid order stays as it was",
    line: "state.orders.set(order.orderId, { ...order, paid: true });",
    instead: "",
  },
  {
    ...{ kind, file: rule },
    breaks: "writing: the stock stays as it was",
    line: "state.left.set(optionId, (state.left.get(optionId) ?? 0) - quantity);",
    instead: "",
  },
  {
    ...{ kind, file: rule },
    breaks: "writing: the balance stays as it was",
    line: "const balance = (state.balances.get(order.userId) ?? 0) - payment.amount;",
    instead: "const balance = state.balances.get(order.userId) ?? 0;",
  },
  {
    ...{ kind, file: rule },
    breaks: "writing: a coupon stays as it was",
    line: "if (coupon !== undefined) state.coupons.set(reservationId, { ...coupon, used: true });",
    instead: "",
  },
  {
    ...{ kind, file: rule },
    breaks: "writing: the key is not remembered",
    line: "state.bound.set(keyName(ask), { fingerprint: ask.fingerprint, payment: answer.payment });",
    instead: "",
  },
];

const relaying: readonly Mutant[] = [
  {
    ...{ kind, file: "topology/payment-outbox.ts" },
    breaks: "relaying: other sums than were paid",
    line: "(payment: Payment): PaymentCompleted => payment;",
    instead: "(payment) => ({ ...payment, amount: payment.amount + 1 });",
  },
  {
    ...{ kind, file: relay },
    breaks: "relaying: a deadlock ends the relay",
    line: 'if (disposition === "fatal" || disposition === "poison") {',
    instead: 'if (disposition !== "unavailable") {',
  },
  {
    ...{ kind, file: relay },
    breaks: "marking: before the log has acknowledged",
    line: "if (done) return true;",
    instead: "return true;",
  },
  {
    ...{ kind, file: relay },
    breaks: "marking: a relay that stops marks what is not acknowledged",
    world: unheard("leave"),
    line: "if (this.#stopping.signal.aborted) return false;",
    instead: "if (this.#stopping.signal.aborted) return true;",
  },
  {
    ...{ kind, file: relay },
    breaks: "leading: a lead that was lost is used on",
    line: "await this.#publishAll(led);",
    instead: "await this.#publishAll((this.first ??= led));",
  },
  {
    ...{ kind, file: relay },
    breaks: "leading: who has lost the lead reads again before its last batch is acknowledged",
    world: unheard("sever"),
    line: "await Promise.race([this.#batch.acknowledged, this.#stopped]);",
    instead: "this.#batch = undefined;",
  },
  {
    ...{ kind, file: "engine/outbox/batch.ts" },
    breaks: "keys: payments go to any partition",
    line: "const partition = publishing.producer.partitionOf(name, record.key);",
    instead: "const partition = rows.length % 6;",
  },
  {
    ...{ kind, file: table },
    breaks: "outbox: rows are found by a number above the last one",
    world: { ...{ apis: 3, lanes: 3, options: 12, users: 10, orders: 40, clients: 60 }, bursts: 0, dawdles: 0.3 },
    line: "return row.publishedAt === null ? [{ number, id, value, traceparent }] : [];",
    instead:
      "return row.publishedAt === null && [...rows].every(([no, other]) => other.publishedAt === null || no < number) ? [{ number, id, value, traceparent }] : [];",
  },
  {
    ...{ kind, file: rule },
    breaks: "outbox: a payment without a row",
    line: "state.outbox.set(state.lastOutboxNo, { payment, traceparent, publishedAt: null });",
    instead:
      "if (payment.amount > 0) state.outbox.set(state.lastOutboxNo, { payment, traceparent, publishedAt: null });",
  },
  {
    ...{ kind, file: table },
    breaks: "pruning: rows that are not published are deleted too",
    seed: 7,
    line: "publishedAt !== null && publishedAt < now() - olderThanMs)",
    instead: "(publishedAt ?? 0) < now() - olderThanMs)",
    world: { keptMs: 500 },
  },
];

const reading: readonly Mutant[] = [
  {
    ...{ kind, file: "sinks/memory/memory-transaction-history.ts" },
    breaks: "history: a payment that comes again is taken for another",
    line: "for (const payment of payments) if (!rows.has(payment.paymentId)) rows.set(payment.paymentId, payment);",
    instead:
      'for (const payment of payments) { if (rows.has(payment.paymentId)) throw poison("HISTORY_DIFFERS", payment); rows.set(payment.paymentId, payment); }',
  },
  {
    ...{ kind, file: "topology/external-data.ts" },
    breaks: "platform: a payment is sent with other bytes each time",
    line: "paidAt: new Date(paidAt).toISOString(),",
    instead: "paidAt: String((globalThis.sent = (globalThis.sent ?? 0) + 1)),",
  },
  {
    ...{ kind, file: "test/sim/payments/stores/sinks.ts" },
    breaks: "platform: the key is another one each time",
    line: "platform.take(document.paymentId, document)",
    instead: "platform.take(document.paymentId + Math.random(), document)",
  },
  {
    ...{ kind, file: "engine/worker/failures/attempts.ts" },
    breaks: "holding: what is away long enough is given up on",
    line: 'observe?.({ kind: "holding", call: name, error, failures: ++holds, ...traceOf(items) });',
    instead: "if (++misses >= maxAttempts) return { ok: false, error };",
  },
  {
    ...{ kind, file: "engine/worker/offsets/ledger.ts" },
    breaks: "commits: any finished record moves them",
    seed: 7,
    line: "while (head < entries.length && entries[head]?.finished) head++;",
    instead: "if (head < entries.length) head++;",
  },
  {
    ...{ kind, file: "engine/worker/assignment.ts" },
    breaks: "drain on revoke: partitions are given back at once",
    seed: 9,
    line: "await Promise.all([...leaving.sources.values()].map(({ partition }) => partition.drain()));",
    instead: "",
  },
  {
    ...{ kind, file: "engine/log/producer/accumulator.ts" },
    breaks: "appending: one that failed counts as written",
    line: "await this.#wait(failures, batch, error);",
    instead: "return this.#settle(batch);",
  },
];

/** Every one. */
export const paymentMutants: readonly Mutant[] = [...deciding, ...asking, ...writing, ...relaying, ...reading];
