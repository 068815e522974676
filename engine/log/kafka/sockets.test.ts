/** Sockets of an instance: ended with it, and none after it. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { test } from "node:test";
import { tcpSocket, trackSockets } from "./sockets.ts";

test("sockets: are ended with an error when the instance is closed, and refused afterwards", async (t) => {
  const server = createServer().listen(0, "127.0.0.1");
  t.after(() => server.close());
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const sockets = trackSockets(tcpSocket);
  const connected = Promise.withResolvers<void>();
  // Erasure: kafkajs calls with `ssl` undefined where there is none, whatever its types say.
  const to = { host: "127.0.0.1", port, ssl: undefined as unknown as object, onConnect: connected.resolve };
  const open = sockets.factory(to);
  await connected.promise;
  const ended = once(open, "error");
  sockets.destroyAll();
  sockets.destroyAll();
  assert.match(String(await ended), /was closed/);
  const late = sockets.factory({ ...to, onConnect: () => assert.fail("must not connect") });
  assert.match(String(await once(late, "error")), /was closed/);
});
