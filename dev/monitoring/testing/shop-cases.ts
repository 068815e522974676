/** Stories about our own processes: each alert fires when it should, not before, and no longer. */
import { type AlertCase, counter, gauge } from "./alert-case.ts";
import { worker, relay, other, api, coupons, partition, forCoupons, outbox } from "./labels.ts";
import { processCases } from "./process-cases.ts";

const topologies: readonly AlertCase[] = [
  {
    alert: "SluiceNotDraining",
    // A burst of 100,000 that drains slowly, then a partition that stands still.
    series: {
      [`sluice_lag_records{${worker}, ${partition}}`]: `${counter([[0, 10]])} 100000-1000x99 5000+0x119 0+0x79`,
      [`sluice_lag_seconds{${worker}, ${partition}}`]: gauge([
        [0, 10],
        [90, 25],
        [600, 30],
        [0, 20],
      ]),
    },
    quiet: [9, 20, 34],
    fires: {
      at: 57,
      labels: { ...forCoupons, partition: "coupon-issue/0" },
      says: "The lag of coupon-issue/0 for coupon-issuing grew by 0 records in 10 minutes.",
    },
    heals: 66,
  },
  {
    alert: "SluiceDeadLetterFlood",
    series: {
      [`sluice_dead_letter_flood{${worker}, ${coupons}}`]: gauge([
        [0, 5],
        [1, 5],
        [0, 5],
      ]),
      [`sluice_holds{${worker}, ${coupons}}`]: gauge([[3, 15]]),
    },
    quiet: [4],
    fires: {
      at: 6,
      labels: forCoupons,
      says: "1 round(s) of coupon-issuing are held: somebody has to look at the cause.",
    },
    heals: 11,
  },
  {
    alert: "SluiceHeld",
    // A failover of a minute, then an absence.
    series: {
      [`sluice_holds{${worker}, ${coupons}}`]: gauge([
        [0, 3],
        [2, 1],
        [0, 3],
        [2, 4],
        [0, 3],
      ]),
    },
    quiet: [3.75, 8],
    fires: {
      at: 10,
      labels: forCoupons,
      says: "2 call(s) of coupon-issuing wait for what is away; order is kept, nothing is lost.",
    },
    heals: 12,
  },
  {
    alert: "SluiceRetentionRisk",
    // 14 days are less than half of 30.
    series: {
      [`sluice_lag_seconds{${worker}, ${partition}}`]: gauge([
        [1_209_600, 5],
        [1_296_060, 5],
        [3, 5],
      ]),
    },
    quiet: [4],
    fires: {
      at: 6,
      labels: { ...forCoupons, partition: "coupon-issue/0" },
      says: "The first record of coupon-issue/0 has waited 15d 0h 1m 0s for coupon-issuing: what is not read in time is lost.",
    },
    heals: 11,
  },
  {
    alert: "SluiceDeadLettersUndecided",
    // Somebody looks at the first within half an hour.
    series: {
      [`sluice_dead_letters_undecided{${worker}, ${coupons}}`]: gauge([
        [0, 5],
        [4, 30],
        [0, 10],
        [7, 70],
        [0, 5],
      ]),
    },
    quiet: [34, 100],
    fires: {
      at: 110,
      labels: forCoupons,
      says: "7 dead letter(s) of coupon-issuing are neither replayed nor discarded.",
    },
    heals: 116,
  },
  {
    alert: "SluiceCompensationsHigh",
    // Two in a hundred are usual with several workers; ten in a hundred are not.
    series: {
      [`sluice_outcomes_total{${worker}, ${coupons}, step="reserve-stock", outcome="reserved"}`]: counter([[100, 60]]),
      [`sluice_outcomes_total{${worker}, ${coupons}, step="write-through", outcome="exhausted"}`]: counter([
        [2, 20],
        [10, 20],
        [0, 20],
      ]),
    },
    quiet: [19],
    fires: { at: 37, says: "10% of reserved units are exhausted in the database, and given back." },
    heals: 48,
  },
];

const shop: readonly AlertCase[] = [
  {
    alert: "SluiceApiSheds",
    // A burst of a minute, then overload.
    series: {
      [`sluice_turned_away_total{${api}, reason="overloaded"}`]: counter([
        [0, 5],
        [50, 1],
        [0, 9],
        [5, 10],
        [0, 5],
      ]),
    },
    quiet: [6, 8, 14, 18],
    fires: { at: 23, labels: { reason: "overloaded" }, says: "5.0 requests a second are turned away: overloaded." },
    heals: 28,
  },
  {
    alert: "SluiceRepairs",
    series: { [`sluice_repaired_counters_total{${worker}}`]: `0+0x20 8+0x120` },
    quiet: [4],
    fires: { at: 6, says: "8 counter(s) were repaired within 10 minutes." },
    heals: 17,
  },
  {
    alert: "SluiceVerifyBroken",
    series: {
      [`sluice_verify_violations{${worker}, check="coupons: no user has a coupon twice"}`]: gauge([
        [0, 5],
        [2, 5],
        [0, 5],
      ]),
      [`sluice_verify_violations{${worker}, check="coupons: the counter equals the database"}`]: gauge([[0, 15]]),
    },
    quiet: [4],
    fires: {
      at: 6,
      labels: { check: "coupons: no user has a coupon twice" },
      says: "2 violation(s) of coupons: no user has a coupon twice, in two full looks in a row.",
    },
    heals: 11,
  },
  {
    alert: "SluiceVerifyStale",
    // Served for an hour, then no more; and again after a day and an hour.
    stepSeconds: 300,
    series: {
      [`sluice_verify_last_success_timestamp_seconds{${worker}}`]: gauge(
        [
          [3_600, 70],
          [undefined, 1_500],
          [94_000, 30],
        ],
        300,
      ),
    },
    quiet: [60, 1_495],
    fires: { at: 1_520, says: "The latest full look that could read everything ended 1d 0h 20m 0s ago." },
    heals: 1_580,
  },
];

const payments: readonly AlertCase[] = [
  {
    alert: "SluiceOutboxStuck",
    // A broker fails over within a minute and a half, then Kafka stays away.
    series: {
      [`sluice_outbox_lag_seconds{${relay}, outbox="payments"}`]: gauge([
        [0, 5],
        [80, 1.5],
        [0, 5],
        [90, 5],
        [0, 5],
      ]),
    },
    quiet: [6.25, 13],
    fires: { at: 15, labels: outbox, says: "The first row of payments has waited 1m 30s to be published." },
    heals: 17,
  },
  {
    alert: "SluiceOutboxSetAside",
    series: {
      [`sluice_outbox_set_aside_rows{${relay}, outbox="payments"}`]: gauge([
        [0, 5],
        [2, 10],
        [0, 5],
      ]),
    },
    quiet: [4, 9],
    fires: { at: 12, labels: outbox, says: "2 row(s) of payments are set aside." },
    heals: 16,
  },
  {
    alert: "SluiceNoRelayLeads",
    // The leader is killed, another leads after 15 s. The database is away for a while. Then that one is killed too; later brokers take
    // nothing for half an hour.
    series: {
      [`sluice_outbox_leading{${relay}, outbox="payments"}`]: gauge([
        [1, 5],
        [undefined, 25],
      ]),
      [`sluice_outbox_leading{${other}, outbox="payments"}`]: gauge([
        [0, 5.25],
        [1, 4.75],
        [0, 5],
        [1, 5],
        [undefined, 5],
        [1, 10],
        [0, 30],
        [1, 5],
      ]),
      [`sluice_not_ready{${other}, reason="LOG_BEHIND"}`]: gauge([
        [0, 35.25],
        [1, 29.75],
        [0, 5],
      ]),
      [`sluice_not_ready{${other}, reason="DEPENDENCY_AWAY"}`]: gauge([
        [0, 10.25],
        [1, 4.75],
        [0, 5],
        [undefined, 5],
        [0, 45],
      ]),
    },
    quiet: [4, 5.1, 10.25, 14, 20.25, 30, 45, 49],
    fires: { at: 21, labels: outbox, says: "0 relays lead payments: what is paid waits in the database." },
    firesToo: [52, 64],
    heals: 66,
  },
  {
    alert: "SluiceTwoRelaysLead",
    // A failover, seen by two scrapes; then two that both believe it.
    series: {
      [`sluice_outbox_leading{${relay}, outbox="payments"}`]: gauge([
        [1, 5.5],
        [0, 4.5],
        [1, 5],
        [0, 5],
      ]),
      [`sluice_outbox_leading{${other}, outbox="payments"}`]: gauge([
        [0, 5],
        [1, 15],
      ]),
    },
    quiet: [5.25, 10.5],
    fires: { at: 12, labels: outbox, says: "2 relays lead payments." },
    heals: 16,
  },
  {
    alert: "SluiceCircuitOpen",
    // Ten minutes away, then twenty, with a try now and then.
    series: {
      [`sluice_circuit{${worker}, state="closed"}`]: gauge([
        [1, 5],
        [0, 10],
        [1, 5],
        [0, 20],
        [1, 5],
      ]),
      [`sluice_circuit{${worker}, state="halfOpen"}`]: gauge([
        [0, 30],
        [1, 0.5],
        [0, 14.5],
      ]),
      [`sluice_circuit{${worker}, state="open"}`]: gauge([
        [0, 5],
        [1, 10],
        [0, 5],
        [1, 10],
        [0, 0.5],
        [1, 9.5],
        [0, 5],
      ]),
    },
    quiet: [14, 30],
    fires: {
      at: 37,
      says: "The circuit towards the data platform has not been closed for 15 minutes: closed is 0.",
    },
    heals: 41,
  },
];

/** All of them. */
export const shopCases: readonly AlertCase[] = [...processCases, ...topologies, ...shop, ...payments];
