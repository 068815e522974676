/** Stories about processes: one that is gone, one that is not ready, two that do not run the same. */
import { type AlertCase, gauge } from "./alert-case.ts";
import { worker, relay, other, coupons, forCoupons } from "./labels.ts";

/** Of processes, whichever they are. */
export const processCases: readonly AlertCase[] = [
  {
    alert: "SluiceDown",
    // It is restarted, which takes two scrapes; then it is killed, and within a minute of its last answer somebody is told.
    series: {
      [`up{${worker}}`]: gauge([
        [1, 5],
        [0, 0.5],
        [1, 4.5],
        [0, 5],
        [1, 5],
      ]),
    },
    quiet: [5.25, 5.5, 10.25],
    fires: {
      at: 10.5,
      labels: { job: "sluice", service: "worker", instance: "worker:9400" },
      says: "worker worker:9400 has not been scraped for 30 seconds: up is 0.",
    },
    heals: 16,
  },
  {
    alert: "SluiceServiceGone",
    // One of two workers goes, then the relay is replaced, which takes a minute; then it is gone. At the end it comes back and ends
    // at once, again and again: each time one scrape finds its target and no answer, and the next no target.
    series: {
      [`up{${worker}}`]: gauge([[1, 50]]),
      [`up{job="sluice", service="worker", instance="worker-2:9400"}`]: gauge([
        [1, 5],
        [undefined, 25],
      ]),
      [`up{${relay}}`]: gauge([
        [1, 10],
        [undefined, 20],
      ]),
      [`up{${other}}`]: gauge([
        [undefined, 11],
        [1, 4],
        [undefined, 10],
        [1, 5],
        ...Array.from({ length: 10 }, () => [[0, 0.25] as const, [undefined, 1] as const]).flat(),
      ]),
    },
    quiet: [8, 10.75, 16, 31],
    fires: { at: 18, labels: { service: "relay" }, says: "No relay has answered Prometheus for 2 minutes: 0 are up." },
    firesToo: [36, 40],
    heals: 26,
  },
  {
    alert: "SluiceOnlookerDown",
    // A worker that is down is another alert's. Of two consoles one is down, and a verify that was never seen before starts slowly;
    // it is restarted, which takes two minutes; then it is up for half a minute of every five, at last without a target between; then
    // it stays, and at the end it is gone.
    series: {
      [`up{${worker}}`]: gauge([[0, 200]]),
      [`up{job="sluice", service="console", instance="console:9400"}`]: gauge([[1, 200]]),
      [`up{job="sluice", service="console", instance="console-2:9400"}`]: gauge([[0, 200]]),
      [`up{job="sluice", service="verify", instance="verify:9400"}`]: gauge([
        [0, 4],
        [1, 26],
        [0, 2],
        [1, 28],
        ...Array.from({ length: 5 }, () => [[0, 4.5] as const, [1, 0.5] as const]).flat(),
        ...Array.from({ length: 5 }, () => [[undefined, 4.5] as const, [1, 0.5] as const]).flat(),
        [1, 40],
        [undefined, 50],
      ]),
    },
    quiet: [10, 16, 34, 45, 60, 73],
    fires: {
      at: 82,
      labels: { service: "verify" },
      says: "Of 10 looks within 10 minutes 0 found a verify up.",
    },
    firesToo: [107, 190],
    heals: 125,
  },
  {
    alert: "SluicePartitionsUnowned",
    // A rebalance, then a worker of two dies, then the other has its partitions.
    series: {
      [`sluice_partitions_assigned{${worker}, ${coupons}}`]: gauge([
        [6, 5],
        [0, 0.5],
        [3, 5],
        [3, 5],
        [6, 5],
      ]),
      [`sluice_partitions_assigned{${other}, ${coupons}}`]: gauge([
        [0, 5],
        [0, 0.5],
        [3, 5],
        [undefined, 10],
      ]),
    },
    quiet: [4, 5.25, 6],
    fires: { at: 13, labels: forCoupons, says: "3 partition(s) of coupon-issuing have no worker: their records wait." },
    heals: 16,
  },
  {
    alert: "SluiceNotReady",
    // A restart, then a dependency that stays away.
    series: {
      [`sluice_not_ready{${worker}, reason="STARTING"}`]: gauge([
        [1, 2],
        [0, 28],
      ]),
      [`sluice_not_ready{${worker}, reason="DEPENDENCY_AWAY"}`]: gauge([
        [0, 10],
        [1, 10],
        [0, 10],
      ]),
    },
    quiet: [1, 14],
    fires: {
      at: 16,
      labels: { service: "worker", instance: "worker:9400", reason: "DEPENDENCY_AWAY" },
      says: "worker worker:9400 is not ready: DEPENDENCY_AWAY is 1.",
    },
    heals: 21,
  },
  {
    alert: "SluiceRestarts",
    // A roll-out that is taken back; then it ends again and again for some minutes. Later it is up for half a minute of every five.
    series: {
      [`process_start_time_seconds{${worker}}`]: gauge([
        [100, 5],
        [400, 2],
        [520, 20],
        [1_600, 1],
        [1_700, 1],
        [1_760, 1],
        [1_820, 1],
        [1_880, 89],
        ...Array.from({ length: 6 }, (_, n) => [[undefined, 4.5] as const, [9_000 + 300 * n, 0.5] as const]).flat(),
        [10_800, 30],
      ]),
    },
    quiet: [8, 27.5, 120, 135],
    fires: {
      at: 35,
      labels: { service: "worker", instance: "worker:9400" },
      says: "worker worker:9400 was started 7 times at least within an hour.",
    },
    firesToo: [152],
    heals: 95,
  },
  {
    alert: "SluiceMixedGraphs",
    // A roll-out that takes twenty minutes, and one that stops half-way.
    series: {
      [`sluice_topology_info{${worker}, ${coupons}, hash="aaaa0000"}`]: gauge([[1, 120]]),
      [`sluice_topology_info{${other}, ${coupons}, hash="bbbb1111"}`]: gauge([
        [undefined, 5],
        [1, 20],
        [undefined, 20],
        [1, 40],
        [undefined, 30],
      ]),
    },
    quiet: [24, 70],
    fires: {
      at: 80,
      labels: forCoupons,
      says: "2 graphs of coupon-issuing run side by side: a roll-out stopped half-way.",
    },
    heals: 95,
  },
];
