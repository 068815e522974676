/** Alerts about our own processes: what users would notice first. Thresholds are reasons, not records of a quiet day. */
import { uids } from "../dashboards/uids.ts";
import type { AlertRule, RuleGroup } from "./rule.ts";

/** `external-data` waits on purpose while the circuit to the platform is not closed. */
const waitsForPlatform = `label_replace(min(sluice_circuit{state="closed"}) == 0, "topology", "external-data", "", "")`;

/**
 * Outboxes of which a relay runs and waits for the database, or let go of the lead because the log takes nothing: it leads again by
 * itself, and what is away has alerts of its own. Not for longer than a quarter of an hour: payments may be made all the while.
 */
const relaysThatWait =
  "max by (outbox) (sluice_outbox_leading and on (instance)" +
  ' sluice_not_ready{reason=~"DEPENDENCY_AWAY|LOG_BEHIND", job="sluice"} == 1)' +
  " and on (outbox) max by (outbox) (max_over_time(sluice_outbox_leading[15m])) == 1";

/** They look on: no request waits for one, so nobody is woken. */
const onlookers = "console|verify";

/**
 * Kinds of process of which Prometheus knew one within a week, and of which none answered for a minute: their targets are down, or
 * gone, or now one and now the other.
 */
const gone =
  `max by (service) (max_over_time(up{job="sluice", service!~"${onlookers}"}[7d])) * 0` +
  ` unless on (service) max by (service) (max_over_time(up{job="sluice"}[1m])) == 1`;

const onlookersBefore = `max by (service) (max_over_time(up{job="sluice", service=~"${onlookers}"}[7d] offset 10m))`;

/**
 * In how many of the last 10 minutes one of these kinds was up, of those that were known before: also one that comes back and ends again,
 * and one whose target is gone while it is down (Docker's DNS and a pod's address forget it).
 */
const onlookersMinutesUp =
  `(count_over_time((max by (service) (up{job="sluice", service=~"${onlookers}"}) == 1)[10m:1m])` +
  ` or on (service) ${onlookersBefore} * 0)` +
  ` and on (service) ${onlookersBefore}`;

const processes: readonly AlertRule[] = [
  {
    alert: "SluiceDown",
    severity: "page",
    expr: `up{job="sluice", service!~"${onlookers}"} == 0`,
    // Three scrapes: beyond a restart, and with the two intervals of scraping and evaluating within a minute.
    for: "30s",
    summary: "A process of ours does not answer.",
    description:
      "{{ $labels.service }} {{ $labels.instance }} has not been scraped for 30 seconds: up is {{ $value }}.",
    dashboard: uids.overview,
  },
  {
    alert: "SluiceServiceGone",
    severity: "page",
    // With the minute of the expression two: a roll-out that ends the old one first may take a while.
    expr: gone,
    for: "1m",
    summary: "Of a kind of process that ran none answers any more.",
    description: "No {{ $labels.service }} has answered Prometheus for 2 minutes: {{ $value }} are up.",
    dashboard: uids.overview,
  },
  {
    alert: "SluiceOnlookerDown",
    severity: "ticket",
    expr: `(${onlookersMinutesUp}) < 5`,
    // Less than half of the time. After an absence of Prometheus itself it takes 5 minutes to count that many.
    for: "8m",
    summary: "A process that looks on is down, gone, or mostly so.",
    description: "Of 10 looks within 10 minutes {{ $value }} found a {{ $labels.service }} up.",
    dashboard: uids.overview,
  },
  {
    alert: "SluicePartitionsUnowned",
    severity: "page",
    expr: "sluice:unowned_partitions > 0",
    // Beyond a crashed worker's session (30 s by default, 45 s on Kubernetes): after that others have its partitions.
    for: "1m",
    summary: "Partitions of a topology have no worker.",
    description: "{{ $value }} partition(s) of {{ $labels.topology }} have no worker: their records wait.",
    dashboard: uids.topology,
  },
  {
    alert: "SluiceNotReady",
    severity: "ticket",
    // Also where nothing is held because nothing comes in: what a process needs is missed before the morning's first request.
    expr: 'max by (service, instance, reason) (sluice_not_ready{job="sluice"}) == 1',
    for: "5m",
    summary: "A process runs and cannot do its work.",
    description: "{{ $labels.service }} {{ $labels.instance }} is not ready: {{ $labels.reason }} is {{ $value }}.",
    dashboard: uids.overview,
  },
  {
    alert: "SluiceRestarts",
    severity: "ticket",
    // A roll-out starts each once, and once more where it is taken back. An hour, because Kubernetes waits up to 5 minutes
    // before it starts again what ended, and what it starts may run for some.
    expr: 'max by (service, instance) (changes(process_start_time_seconds{job="sluice"}[1h])) > 3',
    for: "1m",
    summary: "A process starts again and again.",
    description: "{{ $labels.service }} {{ $labels.instance }} was started {{ $value }} times at least within an hour.",
    dashboard: uids.overview,
  },
  {
    alert: "SluiceMixedGraphs",
    severity: "ticket",
    expr: "count by (topology) (count by (topology, hash) (sluice_topology_info)) > 1",
    for: "30m",
    summary: "Workers of one topology run different graphs.",
    description: "{{ $value }} graphs of {{ $labels.topology }} run side by side: a roll-out stopped half-way.",
    dashboard: uids.overview,
  },
];

const topologies: readonly AlertRule[] = [
  {
    alert: "SluiceNotDraining",
    severity: "page",
    // No fixed number of records: a burst is the product. What waits a minute and does not get less is stuck.
    expr:
      "max by (topology, partition) (delta(sluice_lag_records[10m])) >= 0" +
      " and on (topology, partition) max by (topology, partition) (sluice_lag_seconds) > 60" +
      ` unless on (topology) ${waitsForPlatform}`,
    for: "10m",
    summary: "A partition is behind and does not catch up.",
    description:
      'The lag of {{ $labels.partition }} for {{ $labels.topology }} grew by {{ $value | printf "%.0f" }} records in 10 minutes.',
    dashboard: uids.topology,
  },
  {
    alert: "SluiceDeadLetterFlood",
    severity: "page",
    expr: "sum by (topology) (sluice_dead_letter_flood) > 0",
    summary: "Most records of a partition would become dead letters, so they are held.",
    description: "{{ $value }} round(s) of {{ $labels.topology }} are held: somebody has to look at the cause.",
    dashboard: uids.topology,
  },
  {
    alert: "SluiceHeld",
    severity: "ticket",
    expr: "sum by (topology) (sluice_holds) > 0",
    for: "2m",
    summary: "Calls wait for something that is away.",
    description:
      "{{ $value }} call(s) of {{ $labels.topology }} wait for what is away; order is kept, nothing is lost.",
    dashboard: uids.topology,
  },
  {
    alert: "SluiceRetentionRisk",
    severity: "page",
    expr:
      "max by (topology, partition) (sluice_lag_seconds)" +
      " > on (topology) group_left () (0.5 * sluice:retention_seconds)",
    summary: "Records wait for half of the time that their topic keeps them.",
    description:
      "The first record of {{ $labels.partition }} has waited {{ $value | humanizeDuration }} for {{ $labels.topology }}: what is not read in time is lost.",
    dashboard: uids.topology,
  },
  {
    alert: "SluiceDeadLettersUndecided",
    severity: "ticket",
    expr: "max by (topology) (sluice_dead_letters_undecided) > 0",
    for: "1h",
    summary: "Dead letters wait for somebody's decision.",
    description: "{{ $value }} dead letter(s) of {{ $labels.topology }} are neither replayed nor discarded.",
    dashboard: uids.topology,
  },
  {
    alert: "SluiceCompensationsHigh",
    severity: "ticket",
    // Not compensations: who asks twice is refused by the database by design (ADR 14), and that gives a unit back as well.
    expr:
      'sum(rate(sluice_outcomes_total{topology="coupon-issuing", step="write-through", outcome="exhausted"}[5m]))' +
      ' / (sum(rate(sluice_outcomes_total{topology="coupon-issuing", step="reserve-stock", outcome="reserved"}[5m])) > 0)' +
      " > 0.05",
    for: "10m",
    summary: "Many units that the gate gave are taken back: gate and database disagree.",
    description: "{{ $value | humanizePercentage }} of reserved units are exhausted in the database, and given back.",
    dashboard: uids.topology,
  },
];

const shop: readonly AlertRule[] = [
  {
    alert: "SluiceApiSheds",
    severity: "ticket",
    expr: "sum by (reason) (rate(sluice_turned_away_total[2m])) > 0",
    for: "5m",
    summary: "The API turns requests away, and not only in a burst.",
    description: '{{ $value | printf "%.1f" }} requests a second are turned away: {{ $labels.reason }}.',
    dashboard: uids.overview,
  },
  {
    alert: "SluiceRepairs",
    severity: "info",
    expr: "sum(increase(sluice_repaired_counters_total[10m])) > 0",
    summary: "Counters in Redis were set to what the database says: Redis forgot.",
    description: '{{ $value | printf "%.0f" }} counter(s) were repaired within 10 minutes.',
    dashboard: uids.platform,
  },
  {
    alert: "SluiceVerifyBroken",
    severity: "page",
    expr: "max by (check) (sluice_verify_violations) > 0",
    summary: "Topics, database and Redis disagree about what was promised.",
    description: "{{ $value }} violation(s) of {{ $labels.check }}, in two full looks in a row.",
    dashboard: uids.overview,
  },
  {
    alert: "SluiceVerifyStale",
    severity: "ticket",
    // Also where it is served no more; not where it never ran. 0 until the first look has ended.
    expr: "time() - max(max_over_time(sluice_verify_last_success_timestamp_seconds[7d]) > 0) > 86400",
    for: "10m",
    summary: "Nobody has looked for a day whether everything agrees.",
    description: "The latest full look that could read everything ended {{ $value | humanizeDuration }} ago.",
    dashboard: uids.overview,
  },
];

const payments: readonly AlertRule[] = [
  {
    alert: "SluiceOutboxStuck",
    severity: "page",
    expr: "max by (outbox) (sluice_outbox_lag_seconds) > 60",
    for: "2m",
    summary: "Payments are made and not published.",
    description: "The first row of {{ $labels.outbox }} has waited {{ $value | humanizeDuration }} to be published.",
    dashboard: uids.payments,
  },
  {
    alert: "SluiceOutboxSetAside",
    severity: "ticket",
    expr: "max by (outbox) (sluice_outbox_set_aside_rows) > 0",
    for: "5m",
    summary: "Rows of the outbox can never be published as they are.",
    description: "{{ $value }} row(s) of {{ $labels.outbox }} are set aside.",
    dashboard: uids.payments,
  },
  {
    alert: "SluiceNoRelayLeads",
    severity: "page",
    expr:
      "(sum by (outbox) (sluice_outbox_leading) == 0" +
      " or (count by (outbox) (last_over_time(sluice_outbox_leading[7d])) * 0" +
      " unless on (outbox) sum by (outbox) (sluice_outbox_leading)))" +
      ` unless on (outbox) (${relaysThatWait})`,
    for: "30s",
    summary: "No relay publishes payments.",
    description: "{{ $value }} relays lead {{ $labels.outbox }}: what is paid waits in the database.",
    dashboard: uids.payments,
  },
  {
    alert: "SluiceTwoRelaysLead",
    severity: "page",
    expr: "sum by (outbox) (sluice_outbox_leading) > 1",
    // The last sample of a leader that was killed lives until its next scrape fails, beside its successor's first.
    for: "1m",
    summary: "More than one relay believes that it leads.",
    description: "{{ $value }} relays lead {{ $labels.outbox }}.",
    dashboard: uids.payments,
  },
  {
    alert: "SluiceCircuitOpen",
    severity: "ticket",
    // Not `open == 1`: while it tries again it is half open for a moment, and a scrape may see just that.
    expr: 'min(sluice_circuit{state="closed"}) == 0',
    for: "15m",
    summary: "The data platform has been away for a while; the topic keeps what it is owed.",
    description: "The circuit towards the data platform has not been closed for 15 minutes: closed is {{ $value }}.",
    dashboard: uids.payments,
  },
];

/** The groups. */
export const shopAlertGroups: readonly RuleGroup[] = [
  { name: "sluice-processes", rules: processes },
  { name: "sluice-work", rules: topologies },
  { name: "sluice-api", rules: shop },
  { name: "sluice-payments", rules: payments },
];
