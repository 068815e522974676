/** Every metric of the shop's processes that the engine does not have: the API, deliveries, repairs of the gate, old keys. */
import { metrics } from "../../engine/app/metrics/define.ts";
import { secondBuckets } from "../../engine/app/metrics/table.ts";

/** With the bound of the objective for payments, 0.5 s. */
const requestBuckets = [...secondBuckets, 0.5].sort((a, b) => a - b);

export const shopMetrics = metrics({
  httpSeconds: {
    name: "sluice_http_request_seconds",
    kind: "histogram",
    unit: "seconds",
    help: "Time to answer a request, by route template and status.",
    labels: ["route", "status"],
    buckets: requestBuckets,
  },
  acknowledgeSeconds: {
    name: "sluice_acknowledge_seconds",
    kind: "histogram",
    unit: "seconds",
    help: "From handing a request over to its acknowledgement by the log.",
    labels: [],
    buckets: secondBuckets,
  },
  turnedAway: {
    name: "sluice_turned_away_total",
    kind: "counter",
    unit: "requests",
    help: "Requests answered 503 or 429, by reason.",
    labels: ["reason"],
  },
  apiClientsWaiting: {
    name: "sluice_api_clients_waiting",
    kind: "gauge",
    unit: "requests",
    help: "Requests that wait for a verdict: long polls.",
    labels: [],
  },
  deliveryRequests: {
    name: "sluice_delivery_requests_total",
    kind: "counter",
    unit: "requests",
    help: "Requests to the data platform: delivered, refused (400, 413, 422), busy (408, 409, 429), denied (401, 403, 404, 3xx), failing (5xx), unreachable.",
    labels: ["ending"],
  },
  deliverySeconds: {
    name: "sluice_delivery_seconds",
    kind: "histogram",
    unit: "seconds",
    help: "From a request to its answer, or to giving it up.",
    labels: [],
    buckets: secondBuckets,
  },
  circuit: {
    name: "sluice_circuit",
    kind: "gauge",
    unit: "state",
    help: "1 for the state the circuit towards the data platform is in, 0 for the others.",
    labels: ["state"],
  },
  deliveriesInFlight: {
    name: "sluice_deliveries_in_flight",
    kind: "gauge",
    unit: "requests",
    help: "Requests to the data platform that are not answered yet.",
    labels: [],
  },
  repairedCounters: {
    name: "sluice_repaired_counters_total",
    kind: "counter",
    unit: "keys",
    help: "Counters of the gate set to what the database says.",
    labels: [],
  },
  droppedMarks: {
    name: "sluice_dropped_marks_total",
    kind: "counter",
    unit: "keys",
    help: "Marks of the gate that were dropped although no request of theirs was in flight.",
    labels: [],
  },
  gateMarks: {
    name: "sluice_gate_marks",
    kind: "gauge",
    unit: "keys",
    help: "Units in flight at the gate, of this worker's coupons, at the latest look.",
    labels: [],
  },
  gateMemory: {
    name: "sluice_gate_memory_bytes",
    kind: "gauge",
    unit: "bytes",
    help: "What the gate's Redis holds, whoever put it there.",
    labels: [],
  },
  gateMemoryMax: {
    name: "sluice_gate_memory_max_bytes",
    kind: "gauge",
    unit: "bytes",
    help: "maxmemory of the gate's Redis; 0 where it has none.",
    labels: [],
  },
  prunedRefusals: {
    name: "sluice_refusals_pruned_total",
    kind: "counter",
    unit: "rows",
    help: "Refusals that were forgotten because of their age.",
    labels: [],
  },
  prunedKeys: {
    name: "sluice_idempotency_keys_pruned_total",
    kind: "counter",
    unit: "keys",
    help: "Idempotency keys that were forgotten because of their age.",
    labels: ["kind"],
  },
});
