/** What is said where a process cannot listen. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Registry } from "prom-client";
import { CliError } from "../cli.ts";
import { serveHealth } from "./health.ts";

const registry = new Registry();
const ready = () => ({ ok: true, why: [], codes: [] });
const says = (pattern: RegExp) => (error: unknown) =>
  error instanceof CliError && error.code === "CANNOT_LISTEN" && pattern.test(error.message);

test("listening: names setting, port and remedy when the port is taken", async (t) => {
  const first = await serveHealth({ host: "127.0.0.1", port: 0, registry, ready });
  t.after(first.close);
  await assert.rejects(
    serveHealth({ host: "127.0.0.1", port: first.port, registry, ready }),
    says(/^SLUICE_HEALTH_PORT: port \d+ of 127\.0\.0\.1 is taken by another process; .*another port/),
  );
});

test("listening: names setting and address when the machine does not have that address", async () => {
  await assert.rejects(
    // Of a block that is kept for documentation (RFC 5737).
    serveHealth({ host: "192.0.2.1", port: 0, registry, ready }),
    says(/^SLUICE_HEALTH_HOST: 192\.0\.2\.1 is no address of this machine/),
  );
});
