/** Who may see the console and act by it, and what it serves. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { systemClock } from "../../clock.ts";
import { type LogFields, silentLogger } from "../../logger.ts";
import type { Viewer } from "../documents.ts";
import { createLive } from "../live/live.ts";
import { createConsole } from "./server.ts";
import { createLoginCodes } from "./sessions.ts";

const codes = createLoginCodes();
let now = 1_000;
const acted: Viewer[] = [];
const warned: LogFields[] = [];
const live = createLive(
  {
    described: { topologies: [], partitions: new Map(), outboxes: [], figures: [] },
    processes: async () => [],
    deployed: async () => new Map(),
    ask: async () => assert.fail("nobody is listed"),
  },
  systemClock,
);
const app = await createConsole({
  app: "shop <1>",
  live,
  routes: [
    { method: "GET", path: "look", answer: async ({ query }) => ({ query }) },
    {
      method: "POST",
      path: "act",
      answer: async ({ viewer, body }) => {
        acted.push(viewer);
        return { body };
      },
    },
    { method: "GET", path: "broken", answer: async () => Promise.reject(new Error("the database is away")) },
  ],
  pages: [],
  viewerOf: async (token) => {
    const expiresAtMs = { v: Number.POSITIVE_INFINITY, short: now + 60_000, long: now + 86_400_000 }[token];
    return expiresAtMs === undefined ? undefined : { name: "mina", role: "viewer", expiresAtMs };
  },
  codes: { ...codes, name: "ada", role: "operator", taken: () => {} },
  styles: [],
  describe: (error) => ({
    isAskers: false,
    code: "OTHER",
    message: error instanceof Error ? error.message : "",
    fix: "look",
  }),
  logger: { ...silentLogger, warn: (fields) => void warned.push(fields) },
  now: () => now,
});
after(async () => {
  await live.close();
  await app.close();
});

const origin = "http://localhost:80";
const logIn = async (body: object): Promise<string> => {
  const answer = await app.inject({
    ...{ method: "POST", url: "/api/login", payload: body },
    headers: { origin, host: "localhost:80" },
  });
  return String(answer.headers["set-cookie"] ?? "");
};
const ask = (url: string, cookie = "") => app.inject({ url, headers: { cookie, host: "localhost:80" } });
const act = (cookie: string, from: string | undefined = origin) =>
  app.inject({
    ...{ method: "POST", url: "/api/act", payload: { n: 1 } },
    headers: { cookie, host: "localhost:80", ...(from === undefined ? {} : { origin: from }) },
  });

test("console: answers nobody who is not logged in, and says so", async () => {
  for (const url of ["/api/look", "/api/history", "/api/live"]) assert.equal((await ask(url)).statusCode, 401, url);
  assert.equal((await act("")).statusCode, 401);
  const session = (await ask("/api/session")).json();
  assert.deepEqual([session.viewer, session.pages], [null, []]);
});

test("console: logs in by its code once, with a cookie that no script and no other site has", async () => {
  const code = codes.current();
  const cookie = await logIn({ code });
  assert.match(cookie, /^sluice-console-80=[\w-]{43}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/);
  assert.deepEqual((await ask("/api/look?a=1&a=2", cookie)).json(), { query: { a: "1" } });
  assert.equal(await logIn({ code }), "");
  assert.notEqual(codes.current(), code);
});

test("console: logs who was not logged in, a line a second, and never what was sent, when a token or a code is wrong", async () => {
  warned.length = 0;
  now += 1_000;
  for (const token of ["forged-1", "forged-2", "forged-3"]) await logIn({ token });
  await logIn({ code: "guessed" });
  now += 1_000;
  await logIn({ token: "forged-4" });
  await logIn({ token: "v" });
  const refused = { event: "console.loginRefused", from: "127.0.0.1" };
  assert.deepEqual(warned, [
    { ...refused, code: "NOT_TAKEN" },
    { ...refused, code: "CODE_USED" },
    { ...refused, code: "NOT_TAKEN", unlogged: 2 },
  ]);
});

test("console: takes a token, and lets a viewer look and not act", async () => {
  assert.equal(await logIn({ token: "forged" }), "");
  const cookie = await logIn({ token: " v\n" });
  assert.equal((await ask("/api/look", cookie)).statusCode, 200);
  const refused = await act(cookie);
  assert.deepEqual([refused.statusCode, refused.json().code], [403, "VIEWER_ONLY"]);
  assert.deepEqual(acted, []);
});

test("console: lets an operator act by its own pages, and not by another site's", async () => {
  const cookie = await logIn({ code: codes.current() });
  assert.equal((await act(cookie)).statusCode, 200);
  for (const from of ["http://localhost:8080", "null", "https://evil.example"])
    assert.equal((await act(cookie, from)).json().code, "OTHER_ORIGIN", from);
  const without = await app.inject({
    ...{ method: "POST", url: "/api/act", payload: {} },
    headers: { cookie, host: "localhost:80" },
  });
  assert.equal(without.json().code, "OTHER_ORIGIN");
  assert.equal(acted.length, 1);
});

test("console: ends a session when somebody logs out, and when its time is over", async () => {
  const cookie = await logIn({ token: "v" });
  await app.inject({ method: "POST", url: "/api/logout", headers: { cookie, origin, host: "localhost:80" } });
  assert.equal((await ask("/api/look", cookie)).statusCode, 401);
  const other = await logIn({ token: "v" });
  now += 12 * 3_600_000;
  assert.equal((await ask("/api/look", other)).statusCode, 401);
});

test("console: ends a session with its token, and after a working day at the latest, when a token logged in", async () => {
  const short = await logIn({ token: "short" });
  assert.match(short, /Max-Age=60;/);
  now += 59_999;
  assert.deepEqual((await ask("/api/session", short)).json().viewer, { name: "mina", role: "viewer" });
  now += 1;
  assert.equal((await ask("/api/look", short)).statusCode, 401);
  assert.match(await logIn({ token: "long" }), /Max-Age=43200;/);
});

test("console: names an act's actor as commands do when the address of the terminal logged in", async () => {
  await act(await logIn({ code: codes.current() }));
  assert.deepEqual(acted.at(-1), { name: "ada", role: "operator" });
});

test("console: allows its pages nothing that is not its own", async () => {
  const page = await ask("/whatever/page");
  assert.match(String(page.headers["content-security-policy"]), /^default-src 'self';.*frame-ancestors 'none'/);
  assert.doesNotMatch(String(page.headers["content-security-policy"]), /unsafe|\*/);
  assert.match(page.body, /<title>shop &lt;1&gt; console<\/title>/);
  assert.doesNotMatch(page.body, /<script>|style=|https?:/);
});

test("console: serves the modules its page leads to, without types, and no other file", async () => {
  const script = /src="([^"]+)"/.exec((await ask("/")).body)?.[1] ?? "";
  const main = await ask(script);
  assert.match(String(main.headers["content-type"]), /^text\/javascript/);
  assert.match(String(main.headers["cache-control"]), /immutable/);
  const imported = [...main.body.matchAll(/from\s*"(\/assets\/[^"]+)"/g)].map(([, path = ""]) => path);
  assert.ok(imported.some((path) => path.endsWith("/preact.js")));
  for (const path of imported) assert.equal((await ask(path)).statusCode, 200, path);
  for (const path of ["/assets/main.ts", "/assets/..%2fserver.ts", "/assets//etc/passwd", "/api/none"])
    assert.equal((await ask(path)).statusCode, 404, path);
});

test("console: says what failed and what to do when a page cannot be answered", async () => {
  const answer = await ask("/api/broken", await logIn({ token: "v" }));
  assert.equal(answer.statusCode, 500);
  assert.deepEqual(answer.json(), { code: "OTHER", message: "the database is away", fix: "look" });
});

/** Listens, once, and logs in there. */
const listening = async (): Promise<{ readonly address: string; readonly cookie: string }> => {
  const address = app.server.listening ? app.listeningOrigin : await app.listen({ host: "127.0.0.1", port: 0 });
  const { host } = new URL(address);
  const { headers } = await app.inject({
    ...{ method: "POST", url: "/api/login", payload: { token: "v" } },
    headers: { origin: `http://${host}`, host },
  });
  return { address, cookie: String(headers["set-cookie"]) };
};

test("console: sends a stream with the headers of pages when somebody watches, and eight to one session at most", async () => {
  const { address, cookie } = await listening();
  const leaving = new AbortController();
  const watch = (as: string): Promise<Response> =>
    fetch(`${address}/api/live`, { headers: { cookie: as }, signal: leaving.signal });
  const eight = await Promise.all(Array.from({ length: 8 }, () => watch(cookie)));
  const page = await fetch(address);
  for (const name of ["content-security-policy", "x-content-type-options", "cross-origin-resource-policy"])
    assert.equal(eight[0]?.headers.get(name) ?? assert.fail(name), page.headers.get(name));
  const ninth = await watch(cookie);
  assert.equal(ninth.status, 503);
  assert.match(await ninth.text(), /TOO_MANY_WATCH.*8 tabs of this session/);
  assert.equal((await watch((await listening()).cookie)).status, 200);
  leaving.abort();
});

test("console: sends what runs to whoever watches, and no more when the session has ended", async () => {
  const { address, cookie } = await listening();
  const answer = await fetch(`${address}/api/live`, { headers: { cookie }, signal: AbortSignal.timeout(10_000) });
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader() ?? assert.fail("no stream");
  let text = "";
  while (!text.includes('"processes":[]')) text += (await reader.read()).value ?? assert.fail("it ended");
  assert.match(String(answer.headers.get("content-type")), /^text\/event-stream/);
  now += 12 * 3_600_000;
  while (!(await reader.read()).done) assert.ok(live, "what was under way still comes");
});
