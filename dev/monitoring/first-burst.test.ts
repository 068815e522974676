/** What objectives and alerts take a rate of is there before anything has happened, so that the first burst is in it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createRegistry } from "../../engine/app/metrics/define.ts";
import { relayTelemetry } from "../../engine/app/metrics/relay-metrics.ts";
import { apiMetrics } from "../../ops/metrics/api-metrics.ts";
import { deliveryMetrics } from "../../ops/metrics/delivery-metrics.ts";
import { objectives } from "./rules/objectives.ts";

test("metrics of the API: count each route of an objective from 0, answered well and answered 5xx", async () => {
  const registry = createRegistry();
  apiMetrics(registry);
  const served = await registry.metrics();
  const routes = objectives.flatMap(({ events }) => {
    const [, route] = /route="([^"]+)"/.exec(events.errorRatio("5m")) ?? [];
    return route === undefined ? [] : [route];
  });
  assert.equal(new Set(routes).size, 2);
  for (const route of routes)
    for (const status of [route.endsWith("/reservations") ? 202 : 201, 500, 503])
      assert.ok(
        served.includes(`sluice_http_request_seconds_count{route="${route}",status="${status}"} 0\n`),
        `${route}, ${status}`,
      );
  assert.ok(served.includes('sluice_turned_away_total{reason="overloaded"} 0\n'));
});

test("metrics of a relay and of deliveries: are there when nothing was published or delivered yet", async () => {
  const registry = createRegistry();
  relayTelemetry(registry, "payments");
  deliveryMetrics(registry);
  const served = await registry.metrics();
  for (const series of [
    'sluice_outbox_published_total{outbox="payments"}',
    'sluice_outbox_leading{outbox="payments"}',
    'sluice_outbox_pruned_total{outbox="payments"}',
    'sluice_delivery_requests_total{ending="unreachable"}',
  ])
    assert.ok(served.includes(`${series} 0\n`), series);
});
