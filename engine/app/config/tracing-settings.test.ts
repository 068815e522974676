/** The settings of traces: off without an endpoint, checked with the others, and no secret of theirs is shown. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { redacted } from "./redact.ts";
import { engineOnly, InvalidConfig } from "./settings.ts";
import { otlpHeaders } from "./tracing-settings.ts";

const addresses = { SLUICE_BROKERS: "127.0.0.1:1", SLUICE_REGISTRY_URL: "http://127.0.0.1:2" };
const noFiles = (): string => assert.fail("no file is read");
const read = (own: Readonly<Record<string, string>>, readFile: (path: string) => string = noFiles) =>
  engineOnly.read({ ...addresses, ...own }, readFile);
const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318" };

test("settings of traces: are off when no endpoint is given, whatever else is", () => {
  assert.equal(read({ OTEL_TRACES_SAMPLER_ARG: "0.5", OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" }).tracing, undefined);
});

test("settings of traces: have the defaults of the field when only the endpoint is given", () => {
  const { headers, ...others } = read(endpoint).tracing ?? assert.fail();
  assert.deepEqual(others, {
    endpoint: "http://127.0.0.1:4318",
    timeoutMs: 10_000,
    serviceName: undefined,
    ratio: 1,
  });
  assert.equal(headers.length, 0);
});

test("settings of traces: keep the headers' values out of logs and of what is explained when they are given, by a file too", () => {
  const given = { ...endpoint, OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20hunter2,x-tenant=a" };
  const { tracing } = read(given);
  assert.deepEqual(otlpHeaders(String(tracing?.headers)), { authorization: "Bearer hunter2", "x-tenant": "a" });
  const explained = engineOnly.explain({ ...addresses, ...given }, noFiles);
  assert.doesNotMatch(JSON.stringify([redacted(read(given)), explained]), /hunter2/);
  const byFile = read({ ...endpoint, OTEL_EXPORTER_OTLP_HEADERS_FILE: "/keys" }, () => "x-key=k\n");
  assert.deepEqual(otlpHeaders(String(byFile.tracing?.headers)), { "x-key": "k" });
});

const wrong = {
  OTEL_EXPORTER_OTLP_ENDPOINT: ["127.0.0.1:4318", "http://user:password@host", "ftp://host", "http://host?x=1"],
  OTEL_EXPORTER_OTLP_HEADERS: ["authorization", "a b=c", "a=%0d%0ax", "a=%zz", "a=b,"],
  OTEL_EXPORTER_OTLP_TIMEOUT: ["0", "99", "60001", "1s"],
  OTEL_SERVICE_NAME: ["a b", "x".repeat(101)],
  OTEL_TRACES_SAMPLER_ARG: ["2", "1.5", "-1", "50%", "1e-3", "."],
};
for (const [name, values] of Object.entries(wrong))
  test(`settings of traces: are refused by name, without the value, when ${name} is wrong`, () => {
    for (const value of values)
      assert.throws(
        () => read({ ...endpoint, [name]: value }),
        (error) => {
          assert.ok(error instanceof InvalidConfig, value);
          assert.ok(
            error.problems[0]?.startsWith(`${name}: expected`) || error.problems[0]?.startsWith(`${name}: has`),
            `${value}: ${error.problems}`,
          );
          return true;
        },
        `${name}=${value}`,
      );
  });

test("settings of traces: take every form of a share when it is from 0 to 1", () => {
  for (const [text, ratio] of [
    ["0", 0],
    ["1", 1],
    ["1.0", 1],
    ["0.01", 0.01],
    [".5", 0.5],
  ] as const)
    assert.equal(read({ ...endpoint, OTEL_TRACES_SAMPLER_ARG: text }).tracing?.ratio, ratio);
});
