/** The sender against a receiver that takes spans, and against those that answer otherwise, cut, or never answer. */
import assert from "node:assert/strict";
import { createServer, type Server, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { SpanStatusCode } from "@opentelemetry/api";
import { Unavailable } from "../errors.ts";
import { otlpSender } from "./otlp-sender.ts";
import { keptSpans } from "./testing/kept-spans.ts";
import { startOtlpReceiver } from "./testing/otlp-receiver.ts";

const resource = { serviceName: "sluice-test", serviceVersion: "1", instanceId: "here:1" };
const never = new AbortController().signal;
const spans = () => {
  const { tracer, ended } = keptSpans();
  const span = tracer.startSpan("POST /v1/x", { kind: 1, attributes: { text: "t", whole: 2, part: 0.5, yes: true } });
  span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
  return ended;
};
const senderTo = (endpoint: string, timeoutMs = 5_000) =>
  otlpSender({ endpoint, headers: { "x-key": "k" }, timeoutMs }, resource);

test("OTLP sender: posts spans as the protocol has them, with the headers that were given", async (t) => {
  const receiver = await startOtlpReceiver();
  t.after(receiver.close);
  await senderTo(`${receiver.url}/`)(spans(), never);
  const [request] = receiver.requests;
  assert.deepEqual(
    [request?.path, request?.headers["content-type"], request?.headers["x-key"]],
    ["/v1/traces", "application/json", "k"],
  );
  const [span] = receiver.spans;
  assert.deepEqual([span?.name, span?.kind, span?.status.code], ["POST /v1/x", 2, 2]);
  assert.deepEqual(span?.attributes, [
    { key: "text", value: { stringValue: "t" } },
    { key: "whole", value: { intValue: "2" } },
    { key: "part", value: { doubleValue: 0.5 } },
    { key: "yes", value: { boolValue: true } },
  ]);
});

for (const status of [302, 400, 401, 413, 429, 500, 503])
  test(`OTLP sender: does not take them for sent, and follows nothing, when the answer is ${status}`, async (t) => {
    const receiver = await startOtlpReceiver();
    t.after(receiver.close);
    receiver.status = status;
    await assert.rejects(senderTo(receiver.url)(spans(), never), Unavailable);
    assert.equal(receiver.requests.length, 1);
  });

/** A server below HTTP. */
const wire = async (t: TestContext, onData: (socket: Socket) => void): Promise<string> => {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined).once("data", () => onData(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

test("OTLP sender: rejects when the connection is cut before an answer", async (t) => {
  await assert.rejects(senderTo(await wire(t, (socket) => socket.destroy()))(spans(), never), Unavailable);
});

test("OTLP sender: rejects when nothing listens", async () => {
  await assert.rejects(senderTo("http://127.0.0.1:1")(spans(), never), Unavailable);
});

test("OTLP sender: rejects when no answer comes in time, and when it is given up", async (t) => {
  const url = await wire(t, () => undefined);
  await assert.rejects(senderTo(url, 50)(spans(), never), /no answer within 50 ms/);
  const giveUp = new AbortController();
  const sending = senderTo(url)(spans(), giveUp.signal);
  giveUp.abort();
  await assert.rejects(sending, Unavailable);
});
