/** What answers that are wrong in some way come to, and that credentials leave the URL. The right ones: registry-admin.int.test.ts. */
import assert from "node:assert/strict";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { RegistryUnavailable } from "./registry.ts";
import { subjectState } from "./registry-admin.ts";

const avro = { type: "record", name: "r", fields: [] } as const;

const answering = async <T>(listener: RequestListener, work: (url: string) => Promise<T>): Promise<T> => {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  try {
    const { port } = server.address() as AddressInfo; // It listens on a port.
    return await work(`127.0.0.1:${port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
};

const wrong: readonly [what: string, listener: RequestListener][] = [
  ["answers a login page", (_, response) => response.end("<html>")],
  ["answers 404 for everything", (_, response) => response.writeHead(404).end('{"error":"Not Found"}')],
  ["answers 500", (_, response) => response.writeHead(500).end('{"error_code":500}')],
  ["answers other JSON", (_, response) => response.end('{"versions":[1]}')],
  ["cuts its answer off", (_, response) => response.writeHead(200, { "content-length": "100" }).end("[1")],
  ["answers without an end", (_, response) => response.end(Buffer.alloc(2_000_000, "1"))],
  ["does not answer", () => undefined],
];
for (const [what, listener] of wrong) {
  test(`subjectState: is unavailable when what is asked ${what}`, async () => {
    const asked = answering(listener, (at) => subjectState({ url: `http://${at}`, timeoutMs: 200 }, "s", avro));
    await assert.rejects(asked, RegistryUnavailable);
  });
}

test("subjectState: sends the URL's credentials as a header", async () => {
  const seen: (string | undefined)[] = [];
  const listener: RequestListener = ({ headers }, response) => {
    seen.push(headers.authorization);
    response.writeHead(404).end('{"error_code":40401,"message":"none"}');
  };
  const state = await answering(listener, (at) => subjectState({ url: `http://key:p%40ss@${at}/base/` }, "s", avro));
  assert.deepEqual(state, { latest: null, registered: false, compatible: true, level: null });
  assert.deepEqual(new Set(seen), new Set([`Basic ${Buffer.from("key:p@ss").toString("base64")}`]));
});
