/** Where a watched stack is looked at. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { watchedPages } from "./pages.ts";

const services = [
  { name: "redis", port: 1 },
  { name: "prometheus", port: 9_090 },
  { name: "alertmanager", port: 9_094 },
];

test("watchedPages: names the page of alerts that is there, as Prometheus or Debian built it", async () => {
  const pagesWhere = async (...there: readonly string[]) =>
    (await watchedPages(services, (url) => Promise.resolve(there.includes(url))))[0];
  const [upstream, debian] = ["http://127.0.0.1:9090/alerts", "http://127.0.0.1:9090/classic/alerts"];
  assert.equal(await pagesWhere(upstream, debian), `alerts     ${upstream}`);
  assert.equal(await pagesWhere(debian), `alerts     ${debian}`);
  assert.equal(await pagesWhere(), "alerts     http://127.0.0.1:9090");
});

test("watchedPages: names how Alertmanager is asked, and nothing of what does not run", async () => {
  const nothing = () => Promise.resolve(false);
  const [, sent] = await watchedPages(services, nothing);
  assert.equal(sent, "sent       amtool alert --alertmanager.url http://127.0.0.1:9094");
  assert.deepEqual(await watchedPages([{ name: "redis", port: 1 }], nothing), []);
});
