/**
 * Dashboards and alerts over a real Prometheus and real processes: after a good day every panel has data and nothing fires but
 * what always does; a killed relay and a frozen database each fire the alert they should, and wake nobody for another.
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { mintToken } from "../../api/tokens/token.ts";
import { type Child, type StackChild, startChild } from "../../dev/children.ts";
import { panelExpressions } from "../../dev/monitoring/expressions.ts";
import { exporterMetrics } from "../../dev/monitoring/exporter-metrics.ts";
import { namedIn, withoutVariables } from "../../dev/monitoring/promql.ts";
import { skippedWithout } from "../../dev/monitoring/testing/promtool.ts";
import { paymentsPath } from "../../dev/platform/servers.ts";
import { signalService } from "../../dev/stack/control.ts";
import { endpointsEnv } from "../../dev/stack/endpoints.ts";
import { layoutOf } from "../../dev/stack/layout.ts";
import { freePort } from "../../dev/stack/ports.ts";
import { topologyNames } from "../../engine/app/define-app.ts";
import { aUserId, many } from "../../processors/testing/samples.ts";
import { app } from "../../sluice.config.ts";
import { orderRegister } from "../../stores/mysql/payments/order-register.ts";
import { anItem, anOptionId, anOrder, won } from "../../stores/testing/payment-samples.ts";
import { type Exporter, startDebianExporter } from "../testing/debian-exporters.ts";
import { type Alertmanager, startAlertmanager } from "../testing/alertmanager.ts";
import { type Prometheus, startPrometheus, type Target } from "../testing/prometheus.ts";
import { ownStack } from "../testing/own-stack.ts";
import { stackUnderTest, until } from "../testing/stack-under-test.ts";

const skip = skippedWithout("prometheus") || skippedWithout("prometheus-alertmanager");
const graceMs = "1000";
// Objectives and `verify` count what other files left on their stack: old payments, coupons that were made not to agree.
const own = skip === false ? await ownStack("monitored") : undefined;
const stack = stackUnderTest({ own, env: { SLUICE_HOLD_GRACE_MS: graceMs } });
const { config, database, stackName } = stack;
const secret = config.tokenSecret;

let alertmanager: Alertmanager;
let prometheus: Prometheus;
let api: StackChild;
let relay: StackChild;
const targets = new Map<string, Target>();

/** Starts a process of ours, to be scraped under its service's name. */
const run = async (service: string, use: Parameters<typeof stack.start>[0]): Promise<StackChild> => {
  const started = await stack.start(use);
  targets.set(use.name, { service, healthUrl: started.healthUrl });
  prometheus.setTargets([...targets.values()]);
  return started;
};

let kafkaExporter: Child | undefined;
const exporters = new Map<"redis" | "mysqld", Exporter>();

/** `sluice exporter`, which has a port of its own. */
const startKafkaExporter = async (): Promise<Child> => {
  const healthPort = await freePort();
  const layout = layoutOf(stackName);
  const name = "monitored-exporter";
  const env = { ...endpointsEnv(stack.endpoints), SLUICE_STACK: layout.root };
  const plan = { name, args: ["exporter", "--port", String(healthPort)], env, healthPort, logFile: layout.log(name) };
  const exporter = await startChild(plan, { signal: new AbortController().signal });
  targets.set(name, { job: "kafka", service: "exporter", healthUrl: `http://127.0.0.1:${healthPort}` });
  return exporter;
};

const post = async (path: string, user: string, body: object, more: Readonly<Record<string, string>> = {}) => {
  const wish = { secret, userId: user, ttlMs: 600_000, now: Date.now() };
  const token = mintToken(user === "boss" ? { ...wish, role: "admin" } : wish);
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json", ...more };
  return (await fetch(`${api.url}${path}`, { method: "POST", headers, body: JSON.stringify(body) })).status;
};

const couponId = `monitored-${Date.now()}`;

const openCoupon = async (): Promise<void> => {
  const policy = { name: "Monitored", discount: { kind: "fixed", amount: 1_000 }, minOrderAmount: 0 };
  const coupon = { couponId, policyId: "monitored", stock: 100, validForDays: 30, policy };
  assert.equal(await post("/v1/admin/coupons", "boss", coupon), 201);
};

/** Requests for a coupon of which there are too few, so that both verdicts are seen. */
const askFor = async (count: number): Promise<void> => {
  const statuses = await Promise.all(many(count, () => post(`/v1/coupons/${couponId}/reservations`, aUserId(), {})));
  assert.deepEqual(new Set(statuses), new Set([202]));
};

const pay = async (count: number): Promise<void> => {
  const register = orderRegister(database);
  const optionId = anOptionId();
  const orders = many(count, () => anOrder([anItem(optionId)]));
  await register.addOptions([{ optionId, stock: count }]);
  await register.openAccounts(orders.map(({ userId }) => ({ userId, amount: won(10_000) })));
  await register.openOrders(orders);
  for (const { orderId, userId } of orders)
    assert.equal(await post("/v1/payments", userId, { orderId }, { "idempotency-key": orderId }), 201);
};

/** Waits until a counter that is scraped has reached a value: then a rate has two scrapes to see it by. */
const seen = (what: string, expr: string, least: number): Promise<void> =>
  until(what, async () => {
    const [series] = await prometheus.range(expr, 1);
    return Number(series?.values.at(-1)?.[1] ?? 0) >= least;
  });

before(async () => {
  if (skip !== false) return;
  alertmanager = await startAlertmanager();
  prometheus = await startPrometheus(alertmanager.address);
  const platform = await stack.start({ command: "platform", name: "monitored-platform" });
  api = await run("api", { command: "api", name: "monitored-api" });
  await run("worker", { command: "worker", name: "monitored-coupons" });
  await run("history", { command: "worker", args: ["--topology", "transaction-history"], name: "monitored-history" });
  const env = { SLUICE_PLATFORM_URL: `${platform.url}${paymentsPath}` };
  await run("delivery", { command: "worker", args: ["--topology", "external-data"], name: "monitored-delivery", env });
  relay = await run("relay", { command: "relay", name: "monitored-relay" });
  await run("verify", { command: "verify", args: ["--watch", "--every", "2"], name: "monitored-verify" });
  kafkaExporter = await startKafkaExporter();
  for (const job of ["redis", "mysqld"] as const) {
    const exporter = await startDebianExporter(job, stack.endpoints);
    if (exporter === undefined) continue;
    exporters.set(job, exporter);
    targets.set(job, exporter.target);
  }
  prometheus.setTargets([...targets.values()]);
});
after(async () => {
  await Promise.all([kafkaExporter, ...exporters.values()].map((one) => one?.stop()));
  if (skip !== false) return;
  await prometheus.stop();
  await alertmanager.stop();
});

/** Metrics without a series on a good day. */
const silent: readonly string[] = [
  // They begin with the first of what they count.
  "sluice_dead_letters_total",
  "sluice_failed_attempts_total",
  // Shown where it is 1.
  "sluice_not_ready",
  "sluice_redriven_total",
  // The shop's user may not see replicas.
  "mysql_slave_status_seconds_behind_master",
];

/** Those, and of exporters that are not installed. */
const withoutData = (): ReadonlySet<string> => {
  const missing = (["redis", "mysqld"] as const).filter((job) => !exporters.has(job));
  return new Set([...silent, ...missing.flatMap((job) => Object.keys(exporterMetrics[job]))]);
};

/** An expression as Grafana sends it, for one topology and all of its processes. */
const asSent = (expr: string, topology: string): string =>
  expr.replaceAll("$__rate_interval", "30s").replaceAll("$topology", topology).replaceAll("$instance", ".*");

test("panels: each have data after a good day, but for what is named", { skip, timeout: 180_000 }, async () => {
  await openCoupon();
  for (const wave of [1, 2, 3]) {
    await askFor(100);
    await pay(10);
    await seen("verdicts", `sum(sluice_written_total{topology="coupon-issuing"})`, wave * 100);
    await seen("deliveries", `sum(sluice_delivery_requests_total{ending="delivered"})`, wave * 10);
    await seen("history", `sum(sluice_written_total{topology="transaction-history"})`, wave * 10);
  }
  assert.deepEqual(await untilFull(), []);
});

/** Queries of panels without a number within the last two minutes. */
const emptyPanels = async (): Promise<readonly string[]> => {
  const left = withoutData();
  const asked = panelExpressions().filter(
    ({ expr }) => !namedIn(withoutVariables(expr)).selected.some(({ name }) => left.has(name)),
  );
  const found = await Promise.all(
    asked.map(async ({ where, expr }) => {
      const answers = await Promise.all(topologyNames(app).map((name) => prometheus.range(asSent(expr, name), 2)));
      const hasNumber = answers.flat().some(({ values }) => values.some(([, value]) => value !== "NaN"));
      return hasNumber ? [] : [`${where}: ${expr}`];
    }),
  );
  return found.flat();
};

/** Rules are evaluated every second, and some need what another has recorded: it asks again for half a minute. */
const untilFull = async (): Promise<readonly string[]> => {
  let left: readonly string[] = [];
  const isFull = async (): Promise<boolean> => {
    left = await emptyPanels();
    return left.length === 0;
  };
  await until("all panels have data", isFull, 30_000).catch(() => undefined);
  return left;
};

test("exporters: serve the metrics that dashboards and rules name, where they are installed", { skip }, async (t) => {
  t.diagnostic(`exporters that are installed: ${[...exporters.keys()].join(", ")}`);
  for (const job of exporters.keys()) {
    const served = await Promise.all(
      Object.keys(exporterMetrics[job]).map(async (name) =>
        (await prometheus.range(name, 2)).length > 0 ? [] : [name],
      ),
    );
    assert.deepEqual(
      served.flat().filter((name) => !silent.includes(name)),
      [],
    );
  }
});

/** How fast this machine is, which it shares with other tests, is no subject of these. */
const ofSpeed = new Set(["SluiceVerdictBudgetBurn", "SluicePaymentBudgetBurn"]);
const firing = async (): Promise<readonly string[]> =>
  (await prometheus.firing()).filter((name) => name !== "Watchdog" && !ofSpeed.has(name));

/** What somebody would be told by now, of these alerts. */
const told: Alertmanager["told"] = async (severity) =>
  (await alertmanager.told(severity)).filter((name) => !ofSpeed.has(name));

test("alerts: none fires on a good day, but the one that always does", { skip, timeout: 60_000 }, async () => {
  await until("the first evaluation", async () => (await prometheus.firing()).includes("Watchdog"));
  assert.deepEqual(await firing(), []);
});

test("SluiceNoRelayLeads: fires and nothing else pages when the relay is killed, and heals when another runs", {
  skip,
  timeout: 120_000,
}, async () => {
  relay.child.signal("SIGKILL");
  // That it does not answer follows from that, and is not told beside it.
  await until("both fire", async () => {
    const names = await firing();
    return names.includes("SluiceNoRelayLeads") && names.includes("SluiceDown");
  });
  await until("it is told", async () => (await told("page")).includes("SluiceNoRelayLeads"));
  assert.deepEqual(await told("page"), ["SluiceNoRelayLeads"]);
  const [alert] = (await prometheus.alerts()).filter(({ labels }) => labels["alertname"] === "SluiceNoRelayLeads");
  assert.equal(alert?.annotations["runbook_url"], "docs/runbooks/SluiceNoRelayLeads.md");
  targets.delete("monitored-relay");
  relay = await run("relay", { command: "relay", name: "monitored-relay-2" });
  await until("it heals", async () => (await firing()).length === 0);
});

test("SluiceHeld: fires and nobody is woken when the database is frozen, and heals when it is back", {
  skip,
  timeout: 180_000,
}, async () => {
  await signalService(stackName, "mariadb", "SIGSTOP");
  try {
    await askFor(3);
    await until("it fires", async () => (await firing()).includes("SluiceHeld"));
    await until("it is told", async () => (await told("ticket")).includes("SluiceHeld"));
    assert.deepEqual(await told("page"), []);
  } finally {
    await signalService(stackName, "mariadb", "SIGCONT");
  }
  await until("it heals", async () => (await firing()).length === 0, 90_000);
});
