/** The one place where the console calls other processes: refused, slow, cut off, too large, answered by another server. */
import assert from "node:assert/strict";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";
import { aProcess } from "../../deploy/testing/processes-contract.ts";
import { askHealth } from "./ask-health.ts";

const servers = new Set<ReturnType<typeof createServer>>();
after(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

const ask = async (listener: RequestListener, silentMs = 0) => {
  const server = createServer(listener);
  servers.add(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const healthUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return askHealth({ ...aProcess({ healthUrl }), startedAt: 0, silentMs }, () => 5_000);
};
const whyOf = async (listener: RequestListener, silentMs = 0): Promise<string> => {
  const { answer } = await ask(listener, silentMs);
  return "why" in answer ? answer.why : assert.fail("it answered");
};

const pages: Readonly<Record<string, string>> = {
  "/ready": '{"ok":false,"why":["stalled"],"codes":["STALLED"]}',
  "/holds": '[{"call":"decide","calls":1,"code":"UNAVAILABLE","message":"m","sinceMs":1,"codeSinceMs":1}]',
  "/repairs": '[{"atMs":1,"what":"coupon c","before":"1 left","after":"2 left"}]',
  "/metrics": "sluice_holds 1\nprocess_resident_memory_bytes 7\nother 1\n",
};
const answering =
  (over: Readonly<Record<string, string>> = {}): RequestListener =>
  ({ url = "" }, response) => {
    const text = { ...pages, ...over }[url];
    response.writeHead(url === "/ready" ? 503 : text === undefined || text === "" ? 404 : 200).end(text);
  };

test("askHealth: has readiness, holds and samples when a process answers, ready or not", async () => {
  const { answer, atMs } = await ask(answering());
  assert.ok("samples" in answer);
  assert.deepEqual([atMs, answer.ready.why, answer.holds.length], [5_000, ["stalled"], 1]);
  assert.deepEqual(
    answer.samples.map(({ name }) => name),
    ["sluice_holds", "process_resident_memory_bytes"],
  );
});

test("askHealth: asks nobody when nothing was heard of a process for long", async () => {
  assert.match(await whyOf(() => assert.fail("it was asked"), 60_000), /nothing was heard of it lately/);
});

test("askHealth: says in words why there is no answer when it is refused, slow, cut off, or somebody else's", async () => {
  const refused = await askHealth(
    { ...aProcess({ healthUrl: "http://127.0.0.1:1" }), startedAt: 0, silentMs: 0 },
    Date.now,
  );
  assert.match("why" in refused.answer ? refused.answer.why : "", /does not answer from here: \S/);
  assert.match(await whyOf(() => {}), /nothing came within 900 ms/);
  assert.match(await whyOf((_, response) => response.destroy()), /does not answer/);
  assert.match(
    await whyOf(answering({ "/ready": "<html>secret" })),
    /does not answer from here: its \/ready is no JSON$/,
  );
  assert.match(await whyOf(answering({ "/ready": "{}" })), /no readiness/);
  assert.match(
    await whyOf((_, response) => response.writeHead(302, { location: "http://127.0.0.1:1" }).end()),
    /answer/,
  );
});

test("askHealth: reads no more than a bound when an answer never ends", async () => {
  const endless: RequestListener = ({ url }, response) => {
    if (url !== "/metrics") return answering()({ url } as never, response as never);
    const write = (): void => {
      while (!response.destroyed && response.write(Buffer.alloc(65_536, 97)));
      if (!response.destroyed) response.once("drain", write);
    };
    write();
  };
  assert.match(await whyOf(endless), /more than 2097152 bytes/);
});

test("askHealth: has what fits and leaves out the rest when an answer has fields of other types", async () => {
  const odd = '{"ok":true,"why":"none","codes":[7,"toString","STALLED"],"degraded":[null,"slow"]}';
  const holds = `[null,7,{"call":1},{"call":"a","calls":"x"},${pages["/holds"]?.slice(1, -1)}]`;
  const repairs = `[null,{"atMs":"1"},{"atMs":1,"what":7},${pages["/repairs"]?.slice(1, -1)}]`;
  const { answer } = await ask(answering({ "/ready": odd, "/holds": holds, "/repairs": repairs }));
  assert.ok("samples" in answer);
  assert.deepEqual(answer.ready, { ok: true, why: [], codes: ["STALLED"], degraded: ["slow"] });
  assert.deepEqual(
    answer.holds.map(({ call, who }) => [call, who]),
    [["decide", undefined]],
  );
});

test("askHealth: asks nobody, and does not repeat the address, when it is more than a host and a port", async () => {
  const wrong = [
    "file:///etc/passwd",
    "http://u:p@127.0.0.1:1",
    "http://127.0.0.1:1/x?y=",
    "http://127.0.0.1:1/#x",
    "no",
  ];
  for (const healthUrl of [...wrong, "", "http://u@127.0.0.1:1", "http://127.0.0.1:1/admin", "ftp://127.0.0.1:1"]) {
    const { answer } = await askHealth({ ...aProcess({ healthUrl }), startedAt: 0, silentMs: 0 }, Date.now);
    assert.deepEqual(answer, { why: "the list of processes has no address of it: http://host:port is one" }, healthUrl);
  }
});

test("askHealth: reads less of readiness and holds than of metrics when they are large", async () => {
  const large = " ".repeat(300_000);
  assert.match(await whyOf(answering({ "/ready": large })), /more than 262144 bytes/);
  const { answer } = await ask(answering({ "/holds": large }));
  assert.deepEqual("holds" in answer ? answer.holds : undefined, []);
});
