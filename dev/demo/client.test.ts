/** What a burst has come to so far: only what was accepted can be decided. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { type BurstProgress, noSuchCoupon, sendBurst, showBurst } from "./client.ts";

test("burst: counts as decided only what was accepted when a request is turned away at the door", async (t) => {
  const server = createServer((request, response) => {
    request.resume();
    if (request.url?.includes("typo")) response.writeHead(404).end();
    else if (request.method === "POST")
      response.writeHead(202, { location: "/v1/reservations/r" }).end(JSON.stringify({ reservationId: "r" }));
    else response.end(JSON.stringify({ status: "issued" }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  // A server that listens on a port has an address of this kind.
  const { port } = server.address() as AddressInfo;
  const progress: BurstProgress = { sent: 0, accepted: 0, decided: 0 };
  const asks = ["summer", "summer-typo"].map((couponId) => ({ userId: "u", couponId }));
  const { signal } = new AbortController();
  const options = { baseUrl: `http://127.0.0.1:${port}`, tokenOf: () => "t", clients: 1, progress, signal };
  const replies = await sendBurst(asks, options);
  assert.deepEqual(
    replies.map(({ status, reason }) => [status, reason]),
    [
      ["issued", undefined],
      ["refused", noSuchCoupon],
    ],
  );
  assert.equal(showBurst(progress, 2), "sent 2 of 2, accepted 1, decided 1 of those");
});

test("burst: says how many are before one who follows when there is one", () => {
  const progress = { sent: 3, accepted: 2, decided: 0, before: 7 };
  assert.equal(showBurst(progress, 9), "sent 3 of 9, accepted 2, decided 0 of those; one who follows has 7 before it");
});
