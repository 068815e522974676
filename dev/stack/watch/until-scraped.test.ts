/** When processes of ours were scraped. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { scrapedInstances } from "./until-scraped.ts";

test("scrapedInstances: answers where processes are that Prometheus found up", async () => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(new URL(request.url ?? "", "http://x").searchParams.get("query") ?? "");
    const result = ["127.0.0.1:1", "127.0.0.1:2"].map((instance) => ({ metric: { instance }, value: [1, "1"] }));
    response.end(JSON.stringify({ status: "success", data: { resultType: "vector", result } }));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    const { port } = server.address() as AddressInfo;
    const found = await scrapedInstances(`http://127.0.0.1:${port}/classic/alerts`);
    assert.deepEqual([...found], ["127.0.0.1:1", "127.0.0.1:2"]);
    assert.deepEqual(asked, ['up{job="sluice"} == 1']);
  } finally {
    server.close();
  }
});
