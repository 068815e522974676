/** The shop's processes as their health ports would describe them while a burst is decided, for tests of the console's pages. */
import type { ListedProcess } from "../../engine/deploy/processes.ts";
import { readinessOf } from "../../engine/readiness.ts";
import type { LookedAt } from "../../engine/console/live/describe.ts";
import type { LiveSources } from "../../engine/console/live/live.ts";
import { samplesOf } from "../../engine/console/live/samples.ts";
import { app } from "../../sluice.config.ts";

const hashOf = (name: string): string | null =>
  app.topologies.find(({ topology }) => topology.graph.name === name)?.topology.hash ?? null;

const startedAt = Date.now() - 3_900_000;

const aProcess = (
  pid: number,
  kind: string,
  subject: string | null,
  over: Partial<ListedProcess> = {},
): ListedProcess => ({
  id: `00000000-0000-4000-8000-${String(pid).padStart(12, "0")}`,
  ...{ kind, subject, pid, startedAt },
  hash: kind === "worker" && subject !== null ? hashOf(subject) : null,
  version: "0.1.0",
  host: "shop-1",
  healthUrl: `http://127.0.0.1:${20_000 + pid}`,
  silentMs: 1_200,
  ...over,
});

/** All of them; one was killed a while ago, and one cannot be reached. */
export const shopProcesses: readonly ListedProcess[] = [
  aProcess(101, "api", null),
  aProcess(201, "worker", "coupon-issuing"),
  aProcess(202, "worker", "coupon-issuing", { host: "shop-2" }),
  aProcess(203, "worker", "coupon-issuing", { host: "shop-2", silentMs: 95_000 }),
  aProcess(301, "worker", "transaction-history"),
  aProcess(401, "worker", "external-data", { host: "shop-3" }),
  aProcess(501, "relay", "payments"),
  aProcess(502, "relay", "payments", { host: "shop-2" }),
  aProcess(601, "verify", null),
];

/** Their answers: counters grow with the time since the first, some calls wait. */
export const askShop: LiveSources["ask"] = async (process, now) => {
  const atMs = now();
  if (process.silentMs > 17_000) return { process, atMs, answer: { why: "nothing was heard of it lately" } };
  const text = textOf(process, (atMs - startedAt) / 1_000);
  const answer: LookedAt["answer"] = {
    ready:
      process.pid === 401
        ? readinessOf([], ["the platform has been away for 14 s, and holds 64 call(s): write data-platform"])
        : readinessOf([]),
    holds:
      process.pid === 401
        ? [
            {
              ...{ call: "write data-platform", calls: 64, who: "platform", code: "UNAVAILABLE" },
              message: "platform is unavailable: connection refused",
              sinceMs: atMs - 14_000,
              codeSinceMs: atMs - 14_000,
            },
          ]
        : [],
    repairs:
      process.pid === 201
        ? [
            {
              atMs: atMs - 340_000,
              what: "summer-1127",
              before: "3,114 left, 2 in flight",
              after: "3,112 left, none in flight",
            },
          ]
        : [],
    samples: samplesOf(text, ""),
  };
  return { process, atMs, answer };
};

const textOf = ({ kind, subject, pid }: ListedProcess, seconds: number): string => {
  const common = `process_resident_memory_bytes ${150_000_000 + pid * 50_000}\nsluice_ready 1\n`;
  if (kind === "worker" && subject === "coupon-issuing") return common + issuing(pid, seconds);
  if (kind === "worker") return common + following(subject ?? "", seconds);
  if (kind === "relay") {
    const leads = Number(pid === 501);
    return `${common}sluice_outbox_leading{outbox="payments"} ${leads}
sluice_outbox_published_total{outbox="payments"} ${Math.round(320 * seconds * leads)}
sluice_outbox_lag_rows{outbox="payments"} 41
sluice_outbox_lag_seconds{outbox="payments"} 0.4
sluice_outbox_set_aside_rows{outbox="payments"} 0
`;
  }
  if (kind !== "verify") return common;
  const claims = [
    ["coupons: every accepted request has one verdict", 0],
    ["coupons: no coupon is issued more often than it has units", 0],
    ["coupons: no user has a coupon twice", 0],
    ["payments: every payment is in the topic exactly once", 1],
  ] as const;
  return `${common}${claims.map(([claim, broken]) => `sluice_verify_violations{check="${claim}"} ${broken}`).join("\n")}
sluice_verify_last_success_timestamp_seconds ${Date.now() / 1_000 - 42}
sluice_dead_letters_undecided{topology="coupon-issuing"} 12
sluice_dead_letters_undecided{topology="external-data"} 0
`;
};

const issuing = (pid: number, seconds: number): string => {
  const own = 'topology="coupon-issuing"';
  const partitions = pid === 201 ? [0, 1, 2] : [3, 4, 5];
  const of = (perSecond: number): number => Math.round(perSecond * seconds);
  return `sluice_round_records_sum{${own},topic="coupon-issue"} ${of(6_200)}
sluice_outcomes_total{${own},step="reserve-stock",outcome="reserved"} ${of(1_610)}
sluice_outcomes_total{${own},step="reserve-stock",outcome="soldOut"} ${of(4_480)}
sluice_outcomes_total{${own},step="write-through",outcome="issued"} ${of(1_590)}
sluice_outcomes_total{${own},step="write-through",outcome="duplicate"} ${of(20)}
sluice_compensations_total{${own},step="reserve-stock"} ${of(20)}
sluice_dead_letters_total{${own},code="WRONG_RECORD"} 12
sluice_holds{${own}} 0
sluice_call_records{${own},call="reserve-stock"} 500
sluice_call_records{${own},call="write-through"} ${pid === 201 ? 12 : 1_004}
${partitions
  .map(
    (partition) => `sluice_lag_records{${own},partition="coupon-issue/${partition}"} ${partition === 4 ? 18_204 : 12}
sluice_lag_seconds{${own},partition="coupon-issue/${partition}"} ${partition === 4 ? 2.6 : 0.1}
sluice_queued_records{${own},partition="coupon-issue/${partition}"} ${partition === 4 ? 5_800 : 3}
sluice_in_flight_records{${own},partition="coupon-issue/${partition}"} ${partition === 4 ? 2_000 : 4}
sluice_paused{${own},partition="coupon-issue/${partition}"} ${Number(partition === 4)}
sluice_lease_epoch{${own},partition="coupon-issue/${partition}"} ${4 + partition}`,
  )
  .join("\n")}
sluice_repaired_counters_total 1
sluice_dropped_marks_total 0
`;
};

const following = (subject: string, seconds: number): string => {
  const own = `topology="${subject}"`;
  const isHeld = subject === "external-data";
  const store = isHeld ? "data-platform" : "transaction-history";
  return `sluice_call_records{${own},call="write ${store}"} ${isHeld ? 64 : 3}
sluice_round_records_sum{${own},topic="payment-completed"} ${Math.round(isHeld ? 0 : 318 * seconds)}
sluice_written_total{${own},sink="transaction-history"} ${Math.round(318 * seconds)}
${[0, 1, 2]
  .map(
    (partition) => `sluice_lag_records{${own},partition="payment-completed/${partition}"} ${isHeld ? 1_422 : 2}
sluice_lag_seconds{${own},partition="payment-completed/${partition}"} ${isHeld ? 14.2 : 0}
sluice_in_flight_records{${own},partition="payment-completed/${partition}"} ${isHeld ? 64 : 1}
sluice_paused{${own},partition="payment-completed/${partition}"} ${Number(isHeld)}`,
  )
  .join("\n")}
${isHeld ? 'sluice_circuit{state="open"} 1\nsluice_circuit{state="closed"} 0\nsluice_circuit{state="half-open"} 0' : ""}
`;
};
