/** What is believed of a registry's version. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { answer, type Behaviour, cutOff, faultyRegistry, hang } from "./testing/faulty-registry.ts";
import { registryVersion } from "./version.ts";

const at =
  (path: string, body: string): Behaviour =>
  (request, response) =>
    answer(request.url === path ? 200 : 404, request.url === path ? body : '{"error_code":404}')(request, response);

for (const [what, behaviour, expected] of [
  [
    "Apicurio answers",
    at("/apis/registry/v3/system/info", '{"name":"Apicurio Registry (In Memory)","version":"3.3.3"}'),
    "Apicurio Registry 3.3.3",
  ],
  ["Confluent answers", at("/v1/metadata/version", '{"version":"7.6.0","commitId":"1"}'), "7.6.0"],
  ["it has no such place", at("/none", ""), undefined],
  ["it answers a page", answer(200, "<html></html>", "text/html"), undefined],
  ["it never answers", hang, undefined],
  ["its answer is cut off", cutOff, undefined],
] as const)
  test(`registryVersion: answers ${expected ?? "nothing"} when ${what}`, async () => {
    await using registry = await faultyRegistry(behaviour);
    // What answers may take its time on a busy machine; only what never does is waited for in vain.
    const timeoutMs = behaviour === hang ? 200 : 10_000;
    assert.equal(await registryVersion({ url: registry.url, timeoutMs }), expected);
  });
