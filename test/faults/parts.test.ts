/** The small parts of the faults: traps, moments of recovery, the load, and the wire. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { test } from "node:test";
import { listening } from "../../stores/testing/tcp-proxy.ts";
import { mintWith } from "../../dev/mint.ts";
import type { CouponId } from "../../schemas/coupon.ts";
import { recoveryAfter } from "./recovery.ts";
import { asks } from "./coupons/requests.ts";
import { armedText, parseArmed, trapFor } from "./trap.ts";
import { type Fate, layWire } from "./wire.ts";

test("trap: springs once, at its point, the time it was set to", () => {
  let sprung = 0;
  const trap = trapFor(parseArmed(armedText({ point: "lock-after", hit: 2 })), () => sprung++);
  const states = ["lock-after", "take-after", "lock-after", "lock-after"].map((point) => {
    trap(point);
    return sprung;
  });
  assert.deepEqual(states, [0, 0, 1, 1]);
});

test("trap: refuses an arming that names no time", () => {
  assert.throws(() => parseArmed("lock-after"), RangeError);
  assert.throws(() => parseArmed("lock-after:0"), RangeError);
});

test("recovery: is the longest silence of any partition, not counting what was still on its way", () => {
  const times = new Map([
    [0, [900, 1_010, 1_300]],
    [1, [950, 1_020, 7_500]],
  ]);
  assert.equal(recoveryAfter(times, 1_000, 100), 6_500);
  assert.equal(recoveryAfter(times, 1_000, 0), 20);
});

test("recovery: is unknown when a partition never spoke again", () => {
  assert.equal(recoveryAfter(new Map([[0, [900]]]), 1_000, 0), undefined);
  assert.equal(recoveryAfter(new Map(), 1_000, 0), undefined);
});

test("load: has users who ask again, copies and poison when it is large enough", () => {
  const source = asks(mintWith({ tokenSecret: Buffer.alloc(32) }), [{ couponId: "c" as CouponId, stock: 1 }]);
  const load = Array.from({ length: 1_000 }, () => source.next().value);
  const requests = load.flatMap((one) => (one?.request === undefined ? [] : [one.request]));
  const reservations = new Set(requests.map(({ reservationId }) => reservationId));
  const users = new Set(requests.map(({ userId }) => userId));
  assert.equal(load.length - requests.length, 10);
  assert.equal(requests.length - reservations.size, 40);
  assert.ok(reservations.size - users.size >= 30);
});

/** A server that echoes, behind a wire. */
const echoOverWire = async () => {
  const heard: string[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket: Socket) => {
    socket.on("data", (bytes) => {
      heard.push(bytes.toString());
      socket.write(bytes);
    });
    socket.on("error", () => undefined);
  });
  const wire = await layWire(await listening(server));
  const client = connect({ port: wire.port, host: "127.0.0.1", allowHalfOpen: true });
  client.on("error", () => undefined);
  await once(client, "connect");
  const close = async (): Promise<void> => {
    client.destroy();
    await wire.close();
    server.close();
  };
  return { wire, client, heard, close };
};

test("wire: passes bytes both ways when nothing strikes", async () => {
  const { client, close } = await echoOverWire();
  client.write("hello");
  const [answer] = await once(client, "data");
  assert.equal(String(answer), "hello");
  await close();
});

for (const [fate, arrives] of [
  ["cut", false],
  ["passThenCut", true],
] as const satisfies readonly (readonly [Fate, boolean])[]) {
  test(`wire: ends the connection, and the service ${arrives ? "has" : "never had"} the bytes, at ${fate}`, async () => {
    const { wire, client, heard, close } = await echoOverWire();
    wire.fateOf = (direction) => (direction === "request" ? fate : "swallow");
    client.resume();
    client.write("COMMIT");
    await once(client, "end");
    assert.deepEqual(heard, arrives ? ["COMMIT"] : []);
    assert.ok(wire.struck() > 0);
    await close();
  });
}

test("wire: ends in one direction, and stays open in the other, at halfClose", async () => {
  const { wire, client, heard, close } = await echoOverWire();
  wire.fateOf = (direction) => (direction === "reply" ? "halfClose" : "pass");
  client.on("data", () => assert.fail("an answer came through"));
  client.write("first");
  await once(client, "end");
  client.write("second");
  while (heard.length < 2) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(heard, ["first", "second"]);
  await close();
});

test("wire: keeps the order of bytes when it is healed of a delay while some are on their way", async () => {
  const { wire, client, heard, close } = await echoOverWire();
  wire.delayMs = 30;
  client.write("first");
  while (wire.struck() === 0) await new Promise((resolve) => setImmediate(resolve));
  wire.heal();
  client.write("second");
  while (heard.join("").length < "firstsecond".length) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(heard.join(""), "firstsecond");
  await close();
});
