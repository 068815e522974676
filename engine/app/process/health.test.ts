/** Where a process's health is asked: on the address that was given, and on no other. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Registry } from "prom-client";
import { serveHealth } from "./health.ts";

const answer = async (url: string): Promise<number | undefined> =>
  fetch(url).then(
    async (response) => {
      await response.body?.cancel();
      return response.status;
    },
    () => undefined,
  );

test("health: is asked at its own host and port, and nowhere else", async () => {
  let ok = true;
  const ready = () => ({ ok, why: [], codes: [] });
  const health = await serveHealth({ host: "127.0.0.2", port: 0, registry: new Registry(), ready });
  try {
    const base = `http://127.0.0.2:${health.port}`;
    for (const path of ["live", "ready", "holds", "repairs", "metrics"])
      assert.equal(await answer(`${base}/${path}`), 200, path);
    ok = false;
    assert.equal(await answer(`${base}/ready`), 503);
    assert.equal(await answer(`http://127.0.0.1:${health.port}/live`), undefined);
  } finally {
    await health.close();
  }
});

test("health: is reached from outside when it listens on every address", async () => {
  const ready = () => ({ ok: true, why: [], codes: [] });
  const health = await serveHealth({ host: "0.0.0.0", port: 0, registry: new Registry(), ready });
  try {
    for (const host of ["127.0.0.1", "127.0.0.2"])
      assert.equal(await answer(`http://${host}:${health.port}/live`), 200);
  } finally {
    await health.close();
  }
});
