/** A payer asks until it is answered, with the same key, and says how it ended. */
import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import type { UserId } from "../../../schemas/coupon.ts";
import type { OrderId } from "../../../schemas/payment.ts";
import { payAll } from "./payer.ts";

type Answer = (response: ServerResponse) => void;
const json =
  (status: number, body: unknown): Answer =>
  (response) => {
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  };
const cut: Answer = (response) => response.destroy();

/** A server that gives these answers, one after the other, and remembers who asked with which key. */
const serve = async (t: TestContext, answers: readonly Answer[]) => {
  const asked: IncomingMessage["headers"][] = [];
  const left = answers.values();
  const server = createServer((request, response) => {
    asked.push(request.headers);
    request.resume();
    (left.next().value ?? json(404, {}))(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  // A server that listens on a port has an address of this kind.
  const { port } = server.address() as AddressInfo;
  return { asked, baseUrl: `http://127.0.0.1:${port}` };
};

const attempt = { orderId: "o" as OrderId, userId: "u" as UserId, key: "k" };
const pay = async (baseUrl: string, signal = new AbortController().signal) => {
  const progress = { answered: 0, paid: 0 };
  const options = { baseUrl, tokenOf: (user: string) => `t-${user}`, clients: 1, spreadMs: 0, progress, signal };
  const [one] = await payAll([{ kind: "plain", attempts: [attempt] }], options);
  return { reply: one?.answers[0]?.reply, requests: one?.answers[0]?.requests, progress };
};

test("payer: asks again with the same key when it was cut off or answered to come back", async (t) => {
  const answers = [json(503, { type: "/problems/unavailable" }), cut, json(201, { paymentId: "p" })];
  const { asked, baseUrl } = await serve(t, answers);
  assert.deepEqual(await pay(baseUrl), {
    reply: { kind: "paid", paymentId: "p", fresh: true },
    requests: 3,
    progress: { answered: 1, paid: 1 },
  });
  const sent = asked.map((headers) => [headers["idempotency-key"], headers.authorization]);
  assert.deepEqual(
    sent,
    [1, 2, 3].map(() => ["k", "Bearer t-u"]),
  );
});

test("payer: knows a repetition and a refusal when it is answered with one", async (t) => {
  const { baseUrl } = await serve(t, [json(200, { paymentId: "p" }), json(409, { type: "/problems/balance-too-low" })]);
  assert.deepEqual((await pay(baseUrl)).reply, { kind: "paid", paymentId: "p", fresh: false });
  assert.deepEqual((await pay(baseUrl)).reply, { kind: "refused", problem: "balance-too-low" });
});

test("payer: gives up when its signal aborts", async (t) => {
  const { baseUrl } = await serve(
    t,
    Array.from({ length: 100 }, () => cut),
  );
  const stopping = new AbortController();
  const paying = pay(baseUrl, stopping.signal);
  stopping.abort(new Error("stopped"));
  await assert.rejects(paying);
});
