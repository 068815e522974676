/** The data platform's client against servers that answer whatever a server may, and some things that none should. */
import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { createServer as createTcpServer, type Server, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { Blocked, Fatal, Poison, Unavailable } from "../../engine/errors.ts";
import type { PaymentDocument } from "../../sinks/data-platform.ts";
import { closedPort, listening } from "../testing/tcp-proxy.ts";
import { aPayment } from "../testing/transaction-history.ts";
import { type BreakerState, type DataPlatformConfig, halfOpenAfterMs, httpDataPlatform } from "./data-platform.ts";

const aDocument = (): PaymentDocument => {
  const { paymentId, orderId, userId, amount, discount, paidAt } = aPayment();
  const rest = { paymentId, orderId, userId, amount, discount, paidAt: new Date(paidAt).toISOString() };
  return { type: "payment-completed", version: 1, currency: "KRW", ...rest };
};

/** A client of an address, closed at the test's end; and what it reported of its requests and its breaker. */
const clientOf = (t: TestContext, url: string, more: Partial<DataPlatformConfig> = {}) => {
  const endings: string[] = [];
  const states: BreakerState[] = [];
  const onEnded = (how: string) => void endings.push(how);
  const onBreaker = (state: BreakerState) => void states.push(state);
  const client = httpDataPlatform({ url, concurrency: 8, timeoutMs: 2_000, onEnded, onBreaker, ...more });
  t.after(client.close);
  return { client, endings, states };
};

/** A server that gives every request the same answer, and a client of it. */
const serving = async (t: TestContext, answer: RequestListener, more: Partial<DataPlatformConfig> = {}) => {
  const server = createServer(answer);
  const port = await listening(server);
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { server, ...clientOf(t, `http://127.0.0.1:${port}/v1/payments?from=sluice`, more) };
};

const says =
  (status: number, body = "", headers: Readonly<Record<string, string>> = {}): RequestListener =>
  (request, response) => {
    request.resume().once("end", () => response.writeHead(status, headers).end(body));
  };

/** A server below HTTP. */
const wire = async (t: TestContext, onData: (socket: Socket) => void, more: Partial<DataPlatformConfig> = {}) => {
  const sockets = new Set<Socket>();
  const server: Server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined).once("data", () => onData(socket));
  });
  const port = await listening(server);
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return clientOf(t, `http://127.0.0.1:${port}/`, more);
};

const textOf = async (request: IncomingMessage): Promise<string> => {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text;
};

test("data platform: posts the document as JSON under the payment's id", async (t) => {
  const seen: unknown[] = [];
  const { client, endings } = await serving(t, async (request, response) => {
    const { "content-type": type, "idempotency-key": key } = request.headers;
    seen.push([request.method, request.url, type, key, JSON.parse(await textOf(request))]);
    response.writeHead(201).end();
  });
  const document = aDocument();
  await client.deliver(document);
  assert.deepEqual(seen, [["POST", "/v1/payments?from=sluice", "application/json", document.paymentId, document]]);
  assert.deepEqual(endings, ["delivered"]);
});

for (const status of [200, 201, 202, 204]) {
  test(`data platform: is done when the answer is ${status}`, async (t) => {
    const { client } = await serving(t, says(status));
    await assert.doesNotReject(client.deliver(aDocument()));
  });
}

for (const status of [400, 413, 422]) {
  test(`data platform: refuses that payment by its name when the answer is ${status}`, async (t) => {
    const { client, endings, states } = await serving(t, says(status, `no\r\nway ${"x".repeat(1_000)}`));
    const document = aDocument();
    for (let n = 0; n < 12; n++) {
      await assert.rejects(client.deliver(document), (error) => {
        assert.ok(error instanceof Poison);
        assert.deepEqual([error.code, error.idempotencyKey], ["DELIVERY_REFUSED", document.paymentId]);
        assert.match(error.message, new RegExp(`: ${status} no way x{100,200}$`));
        return true;
      });
    }
    // However many are refused: the platform is there.
    assert.deepEqual([new Set(endings), states], [new Set(["refused"]), []]);
  });
}

// 418 and 499 stand for what is not in the table.
for (const status of [301, 302, 307, 308, 401, 403, 404, 405, 407, 410, 415, 418, 421, 426, 431, 451, 499, 511]) {
  test(`data platform: is blocked by its name, and follows nothing, when the answer is ${status}`, async (t) => {
    let requests = 0;
    const { client, endings } = await serving(t, (request, response) => {
      requests++;
      says(status, "who are\r\nyou", { location: "/elsewhere" })(request, response);
    });
    // Also while the circuit is open: nothing is away.
    for (let n = 0; n < 12; n++) {
      await assert.rejects(client.deliver(aDocument()), (error) => {
        assert.ok(error instanceof Blocked);
        assert.equal(error.code, "DELIVERY_DENIED");
        assert.match(error.message, new RegExp(`answers ${status} to whatever is posted to http.*: who are you\\.`));
        return true;
      });
    }
    assert.deepEqual([client.breaker(), requests, new Set(endings)], ["open", 10, new Set(["denied"])]);
  });
}

for (const status of [408, 423, 424, 425, 429, 500, 502, 503, 504, 507, 599]) {
  test(`data platform: is unavailable, and follows nothing, when the answer is ${status}`, async (t) => {
    let requests = 0;
    const { client } = await serving(t, (request, response) => {
      requests++;
      says(status, "", { location: "/elsewhere" })(request, response);
    });
    await assert.rejects(client.deliver(aDocument()), Unavailable);
    assert.equal(requests, 1);
  });
}

test("data platform: is done when a 409 names the payment, and asks again when an earlier attempt is under way", async (t) => {
  const document = aDocument();
  const bodies = [{ paymentId: document.paymentId }, { paymentId: aDocument().paymentId }, null, [], "text"];
  const answers = bodies.map((body) => JSON.stringify(body));
  const { client } = await serving(t, (request, response) => says(409, answers.shift())(request, response));
  await client.deliver(document);
  for (const _ of bodies.slice(1)) await assert.rejects(client.deliver(document), Unavailable);
});

test("data platform: is unavailable when nothing listens", async (t) => {
  const { client, endings } = clientOf(t, `http://127.0.0.1:${await closedPort()}/`);
  await assert.rejects(client.deliver(aDocument()), Unavailable);
  assert.deepEqual(endings, ["unreachable"]);
});

test("data platform: is unavailable when the connection is cut before an answer", async (t) => {
  const { client } = await wire(t, (socket) => socket.destroy());
  await assert.rejects(client.deliver(aDocument()), Unavailable);
});

test("data platform: is unavailable when what is answered is not HTTP", async (t) => {
  const { client } = await wire(t, (socket) => socket.end("SSH-2.0-OpenSSH_9.6\r\n"));
  await assert.rejects(client.deliver(aDocument()), Unavailable);
});

test("data platform: is unavailable when no answer comes in time", async (t) => {
  const { client } = await wire(t, () => undefined, { timeoutMs: 100 });
  await assert.rejects(client.deliver(aDocument()), Unavailable);
});

test("data platform: gives a refusal up when its words drip in without an end", async (t) => {
  const drip = (socket: Socket) => {
    socket.write("HTTP/1.1 422 No\r\ntransfer-encoding: chunked\r\n\r\n");
    const timer = setInterval(() => socket.write("1\r\nx\r\n"), 20);
    socket.once("close", () => clearInterval(timer));
  };
  const { client } = await wire(t, drip, { timeoutMs: 150 });
  await assert.rejects(client.deliver(aDocument()), Poison);
});

const endless = (status: number) => (socket: Socket) => {
  const chunk = `${(65_536).toString(16)}\r\n${"x".repeat(65_536)}\r\n`;
  const more = () => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on("drain", more).write(`HTTP/1.1 ${status} Go\r\ntransfer-encoding: chunked\r\n\r\n`);
  more();
};

test("data platform: takes the status for the answer, and reads no more, when a body is endless", async (t) => {
  for (const status of [200, 422]) {
    const socket = Promise.withResolvers<Socket>();
    const { client } = await wire(t, (opened) => {
      endless(status)(opened);
      socket.resolve(opened);
    });
    if (status === 200) await client.deliver(aDocument());
    else await assert.rejects(client.deliver(aDocument()), Poison);
    const { bytesWritten } = await socket.promise;
    // What fits into the buffers of two sockets, and not what two seconds can carry.
    assert.ok(bytesWritten < 16_000_000, `${bytesWritten} bytes were taken`);
  }
});

test("data platform: gives each request its own answer when a server answers twice", async (t) => {
  const { client } = await wire(t, (socket) => {
    const refusal = "HTTP/1.1 422 No\r\ncontent-length: 0\r\n\r\n";
    socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n${refusal}`);
    socket.on("data", () => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"));
  });
  for (let n = 0; n < 5; n++) {
    // A connection that says too much may fail what is sent on it; what must not be is another's refusal taken for ours.
    await client.deliver(aDocument()).catch((error: unknown) => assert.ok(error instanceof Unavailable, String(error)));
  }
});

test("data platform: keeps no more requests in flight than it may, and that many when there is work", async (t) => {
  const waiting: ServerResponse[] = [];
  let most = 0;
  const { client } = await serving(
    t,
    (request, response) => {
      request.resume();
      most = Math.max(most, waiting.push(response));
      // None is answered before as many are here as may be.
      if (waiting.length < 8) return;
      setImmediate(() => {
        for (const one of waiting.splice(0)) one.writeHead(204).end();
      });
    },
    { concurrency: 8 },
  );
  const delivering = Array.from({ length: 80 }, () => client.deliver(aDocument()));
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(client.inFlight(), 8);
  await Promise.all(delivering);
  assert.deepEqual([most, client.inFlight()], [8, 0]);
});

test("data platform: sends nothing while the circuit is open, then one probe, and closes when it is answered", async (t) => {
  let status = 503;
  let requests = 0;
  const { client, states } = await serving(t, (request, response) => {
    requests++;
    says(status)(request, response);
  });
  for (let n = 0; n < 30; n++) await assert.rejects(client.deliver(aDocument()), Unavailable);
  assert.equal(client.breaker(), "open");
  assert.equal(requests, 10);

  t.mock.timers.enable({ apis: ["Date"], now: Date.now() + halfOpenAfterMs });
  const probes = await Promise.allSettled(Array.from({ length: 8 }, () => client.deliver(aDocument())));
  assert.ok(probes.every((probe) => probe.status === "rejected" && probe.reason instanceof Unavailable));
  assert.equal(requests, 11);

  status = 200;
  t.mock.timers.tick(halfOpenAfterMs);
  await Promise.all(Array.from({ length: 8 }, () => client.deliver(aDocument())));
  assert.equal(requests, 19);
  assert.deepEqual(states, ["open", "halfOpen", "open", "halfOpen", "closed"]);
});

test("data platform: sends nothing at all while it was asked to wait, and sends again afterwards", async (t) => {
  const statuses = [429, 503];
  let requests = 0;
  const { client, states } = await serving(t, (request, response) => {
    requests++;
    says(statuses.shift() ?? 200, "", { "retry-after": "1" })(request, response);
  });
  for (let asked = 1; asked <= 2; asked++) {
    await assert.rejects(client.deliver(aDocument()), Unavailable);
    for (let n = 0; n < 20; n++) await assert.rejects(client.deliver(aDocument()), /asked us to wait/);
    assert.equal(requests, asked);
    await until(() => client.deliver(aDocument()), asked === 1 ? 503 : 200);
  }
  // To wait as asked is no failure: the circuit had no part in it.
  assert.deepEqual(states, []);

  async function until(deliver: () => Promise<void>, expected: number): Promise<void> {
    const before = requests;
    const deadlineAt = performance.now() + 5_000;
    for (;;) {
      const ended = await deliver().then(
        () => 200,
        () => 503,
      );
      if (requests > before) return assert.equal(ended, expected);
      assert.ok(performance.now() < deadlineAt, "the pause has no end");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
});

test("data platform: refuses an address that is none, or has credentials in it, and does not repeat them", () => {
  for (const url of ["", "ftp://x/", "http://user:hunter2@x/", "127.0.0.1:80"]) {
    assert.throws(
      () => httpDataPlatform({ url, concurrency: 1, timeoutMs: 100 }),
      (error) => error instanceof Fatal && !error.message.includes("hunter2"),
    );
  }
});
