/** The second dashboard: one topology, with the edges of its graph as series. */
import type { DashboardPlan, Row } from "./frame.ts";
import { heatmap, lines, quantiles } from "./panels.ts";
import { uids } from "./uids.ts";

const own = 'topology="$topology", instance=~"$instance"';

/** Of processes that run the topology: what prom-client says has no label for it. */
const ofTopology = `and on (instance) sluice_topology_info{${own}}`;

const rounds: Row = {
  title: "Rounds",
  panels: [
    lines({
      title: "Records decided",
      description: "A second, by source topic. What a replay feeds in has a topic of its own.",
      unit: "short",
      queries: [
        { expr: `sum by (topic) (rate(sluice_round_records_sum{${own}}[$__rate_interval]))`, legend: "{{ topic }}" },
      ],
    }),
    lines({
      title: "Rounds a second",
      description: "By source topic. Fewer and larger rounds under load: that is how it keeps up.",
      unit: "short",
      queries: [
        { expr: `sum by (topic) (rate(sluice_round_seconds_count{${own}}[$__rate_interval]))`, legend: "{{ topic }}" },
      ],
    }),
    heatmap({
      title: "Records in a round",
      description: "Small rounds while little comes in, up to SLUICE_MAX_ROUND in a burst.",
      unit: "short",
      queries: [
        { expr: `sum by (le) (increase(sluice_round_records_bucket{${own}}[$__rate_interval]))`, legend: "{{ le }}" },
      ],
    }),
    lines({
      title: "Time of a round",
      description:
        "From its start to the acknowledgement of all it wrote. Rises when database, Redis or Kafka are slow.",
      unit: "s",
      queries: quantiles("sluice_round_seconds", `{${own}}`),
    }),
    lines({
      title: "Age of records when they are done",
      description: "From acceptance to the acknowledgement of all that was written: waiting and deciding together.",
      unit: "s",
      queries: quantiles("sluice_record_age_seconds", `{${own}}`),
    }),
  ],
};

const graph: Row = {
  title: "The graph",
  panels: [
    lines(
      {
        title: "Outcomes of steps",
        description: "Each exit of each step a second: the edges of the graph as series (`sluice topology graph`).",
        unit: "short",
        queries: [
          {
            expr: `sum by (step, outcome) (rate(sluice_outcomes_total{${own}}[$__rate_interval]))`,
            legend: "{{ step }} {{ outcome }}",
          },
        ],
      },
      { stacked: true },
    ),
    lines(
      {
        title: "Ends",
        description: "Records whose path ended in a sink, a second.",
        unit: "short",
        queries: [
          { expr: `sum by (sink) (rate(sluice_written_total{${own}}[$__rate_interval]))`, legend: "{{ sink }}" },
        ],
      },
      { stacked: true },
    ),
    lines({
      title: "Undone effects",
      description:
        "What one step did and a later one could not go on with. For coupons, units that the database had not, above 5 %, are a ticket.",
      unit: "short",
      queries: [
        { expr: `sum by (step) (rate(sluice_compensations_total{${own}}[$__rate_interval]))`, legend: "{{ step }}" },
      ],
    }),
    lines({
      title: "Dead letters",
      description: "Records set aside a second, by the code of the error. `sluice dlq groups` has them by cause.",
      unit: "short",
      queries: [
        { expr: `sum by (code) (rate(sluice_dead_letters_total{${own}}[$__rate_interval]))`, legend: "{{ code }}" },
      ],
    }),
    lines({
      title: "Failed attempts",
      description:
        "By call and code. holding=true: it is waited for something that is away; false: it counts towards SLUICE_MAX_ATTEMPTS.",
      unit: "short",
      queries: [
        {
          expr: `sum by (call, code, holding) (rate(sluice_failed_attempts_total{${own}}[$__rate_interval]))`,
          legend: "{{ call }} {{ code }} holding={{ holding }}",
        },
      ],
    }),
    lines({
      title: "Held calls",
      description:
        "Calls that wait for something that is away, and rounds held because most of their records would be dead letters.",
      unit: "short",
      queries: [
        { expr: `sum(sluice_holds{${own}})`, legend: "held" },
        { expr: `sum(sluice_dead_letter_flood{${own}})`, legend: "flood of dead letters" },
      ],
    }),
  ],
};

const partitions: Row = {
  title: "Partitions",
  panels: [
    lines({
      title: "Lag by partition",
      description: "Records not finished. One far above the others is one hot key, or a partition that is held.",
      unit: "short",
      queries: [{ expr: `max by (partition) (sluice_lag_records{${own}})`, legend: "{{ partition }}" }],
    }),
    lines({
      title: "Age of the first unfinished record",
      description: "By partition; 0 where nothing waits.",
      unit: "s",
      queries: [{ expr: `max by (partition) (sluice_lag_seconds{${own}})`, legend: "{{ partition }}" }],
    }),
    lines(
      {
        title: "Queued",
        description: "Records fetched and not in a round, by partition.",
        unit: "short",
        queries: [{ expr: `max by (partition) (sluice_queued_records{${own}})`, legend: "{{ partition }}" }],
      },
      { stacked: true },
    ),
    lines(
      {
        title: "In flight",
        description: "Records in rounds, or written and not acknowledged, by partition.",
        unit: "short",
        queries: [{ expr: `max by (partition) (sluice_in_flight_records{${own}})`, legend: "{{ partition }}" }],
      },
      { stacked: true },
    ),
    lines({
      title: "Records at a call",
      description: "Which step or store rounds are at: the one that is high all the time is what they wait for.",
      unit: "short",
      queries: [{ expr: `sum by (call) (sluice_call_records{${own}})`, legend: "{{ call }}" }],
    }),
    lines({
      title: "Paused partitions",
      description:
        "1 while a partition is not fetched because its bounds are reached: its share of SLUICE_MAX_UNFINISHED is in memory.",
      unit: "short",
      queries: [{ expr: `max by (partition) (sluice_paused{${own}})`, legend: "{{ partition }}" }],
    }),
    lines({
      title: "Partitions by worker",
      description: "Who has how many. The sum is what the sources have, or some are unowned.",
      unit: "short",
      queries: [{ expr: `sluice_partitions_assigned{${own}}`, legend: "{{ instance }}" }],
    }),
    lines({
      title: "Epochs of leases",
      description:
        "By partition. Each step up is a new owner; two lines of one partition are a worker that has not noticed yet.",
      unit: "short",
      queries: [{ expr: `sluice_lease_epoch{${own}}`, legend: "{{ partition }} {{ instance }}" }],
    }),
    lines({
      title: "Rebalances and refused commits",
      description:
        "Within five minutes. Every roll-out makes some; without one, a worker's session ends too early (SLUICE_SESSION_TIMEOUT_MS).",
      unit: "short",
      queries: [
        { expr: `sum(increase(sluice_rebalances_total{${own}}[5m]))`, legend: "rebalances" },
        { expr: `sum(increase(sluice_commits_refused_total{${own}}[5m]))`, legend: "commits refused" },
      ],
    }),
    lines({
      title: "Replayed letters",
      description:
        "Dead letters that somebody decided about, by what came of it, a minute; and those that are undecided.",
      unit: "short",
      queries: [
        {
          expr: 'sum by (outcome) (rate(sluice_redriven_total{topology="$topology"}[$__rate_interval])) * 60',
          legend: "{{ outcome }} a minute",
        },
        { expr: 'max(sluice_dead_letters_undecided{topology="$topology"})', legend: "undecided" },
      ],
    }),
  ],
};

const processes: Row = {
  title: "Processes",
  panels: [
    lines({
      title: "Records queued for the log",
      description: "Queued or under way to Kafka, by process.",
      unit: "short",
      queries: [{ expr: `sluice_producer_backlog_records ${ofTopology}`, legend: "{{ instance }}" }],
    }),
    lines({
      title: "Event loop, p99",
      description: "How late the loop turns. Above 0.1 s for long the process has too much to compute.",
      unit: "s",
      queries: [{ expr: `nodejs_eventloop_lag_p99_seconds ${ofTopology}`, legend: "{{ instance }}" }],
    }),
    lines({
      title: "Heap in use",
      description: "Of JavaScript values. Bounded, whatever waits: a line that only rises is a leak.",
      unit: "bytes",
      queries: [{ expr: `nodejs_heap_size_used_bytes ${ofTopology}`, legend: "{{ instance }}" }],
    }),
    lines({
      title: "Share of time in garbage collection",
      description: "Above a tenth the heap is too small for what is in flight.",
      unit: "percentunit",
      queries: [
        {
          expr: `sum by (instance) (rate(nodejs_gc_duration_seconds_sum[$__rate_interval]) ${ofTopology})`,
          legend: "{{ instance }}",
        },
      ],
    }),
  ],
};

/** The plan. */
export const topology: DashboardPlan = {
  uid: uids.topology,
  title: "Sluice: one topology",
  description: "Rounds, outcomes, partitions and processes of one topology: where it is slow, and what it waits for.",
  variables: [
    { name: "topology", label: "Topology", metric: "sluice_topology_info", of: "topology" },
    {
      name: "instance",
      label: "Process",
      metric: 'sluice_topology_info{topology="$topology"}',
      of: "instance",
      many: true,
    },
  ],
  rows: [rounds, graph, partitions, processes],
};
