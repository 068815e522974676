/** The main job with nothing but node: what a newcomer sees who has installed nothing. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, test } from "node:test";
import { mintToken } from "../../api/tokens/token.ts";
import { repositoryRoot } from "../../dev/stack/layout.ts";
import { configOfNowhere } from "../testing/nowhere.ts";

/** A PATH that leads to node and to nothing else. */
const onlyNode = mkdtempSync(join(tmpdir(), "only-node-"));
symlinkSync(process.execPath, join(onlyNode, "node"));
after(() => rmSync(onlyNode, { recursive: true }));

const small = "--requests 400 --stock 100 --clients 20 --orders 100 --outage 1".split(" ");
const start = (...args: readonly string[]) => {
  const child = spawn("node", [join(repositoryRoot, "bin", "sluice.js"), "demo", "--embedded", ...small, ...args], {
    env: { PATH: onlyNode },
    stdio: ["ignore", "pipe", "pipe"],
  });
  return { child, ended: once(child, "exit"), stderr: text(child.stderr) };
};

/** The kinds of what the console shows to whoever logs in by its code, and that it says which pages are not there. */
const partsShown = async (url: string, code: string): Promise<readonly string[]> => {
  const headers = { origin: url, "content-type": "application/json" };
  const entered = await fetch(`${url}/api/login`, { method: "POST", headers, body: JSON.stringify({ code }) });
  const cookie = String(entered.headers.get("set-cookie")).split(";")[0] ?? "";
  for (const [path, what] of [
    ["plan", "what is deployed"],
    ["letters?topology=coupon-issuing", "what became of dead letters"],
    ["story?id=late", "what Story shows"],
  ]) {
    const answer = await fetch(`${url}/api/${path}`, { headers: { cookie } });
    const failure = (await answer.json()) as { readonly code: string; readonly message: string; readonly fix: string };
    assert.equal(failure.code, "NOT_EMBEDDED", path);
    assert.match(`${failure.message}. ${failure.fix}`, new RegExp(`^${what}.*npm start`));
  }
  const live = await fetch(`${url}/api/live`, { headers: { cookie } });
  let said = "";
  for await (const part of (live.body ?? assert.fail()).pipeThrough(new TextDecoderStream())) {
    said += part;
    const [, data] = /^data: (.*)\n\n/m.exec(said) ?? [];
    if (data === undefined) continue;
    const { processes } = JSON.parse(data) as { readonly processes: readonly { readonly kind: string }[] };
    return processes.map(({ kind }) => kind).sort();
  }
  return assert.fail(said);
};

interface CheckLine {
  readonly claim: string;
  readonly looked: number;
  readonly broken: number;
  readonly pending: number;
}

test("embedded: decides, pays, delivers after the outage and proves it when there is nothing but node", {
  timeout: 120_000,
}, async () => {
  const { child, ended, stderr } = start("--json");
  const output = await text(child.stdout);
  assert.deepEqual(await ended, [0, null], `${output}\n${await stderr}`);
  const { status, ...report } = JSON.parse(output);
  const { burst, checks, payments, system } = report.data ?? report;
  assert.deepEqual([status, system], ["ok", "embedded"]);
  assert.deepEqual(
    [burst.requests, burst.accepted, burst.issued, burst.undecided, burst.turnedAway],
    [400, 392, 100, 0, {}],
  );
  assert.ok(payments.paid > 0 && payments.outage.waiting > 0 && payments.unanswered === 0);
  const all: readonly CheckLine[] = [...checks, ...payments.checks];
  assert.ok(all.length >= 20);
  for (const { claim, broken, pending } of all) assert.deepEqual([broken, pending], [0, 0], claim);
  assert.deepEqual(
    all.filter(({ looked }) => looked === 0).map(({ claim }) => claim),
    [],
  );
  assert.match(await stderr, /^This is not the real thing: no Kafka, no MariaDB and no Redis/);
});

test("embedded: answers requests while it keeps running, and ends when it is interrupted", {
  timeout: 120_000,
}, async () => {
  const { child, ended } = start();
  let shown = "";
  const [api, couponId, pages = "", login = ""] = await new Promise<readonly string[]>((resolve, reject) => {
    const look = (part: Buffer): void => {
      shown += part;
      const [, url, coupon] = /^ +(http:\S+)\/v1\/coupons\/(\S+)\/reservations$/m.exec(shown) ?? [];
      const [, page, token] = /^ +console: (http:\S+)\/#login=(\S+)$/m.exec(shown) ?? [];
      if (url !== undefined && coupon !== undefined && page !== undefined && token !== undefined)
        resolve([url, coupon, page, token]);
    };
    child.stdout.on("data", look);
    child.stderr.on("data", look);
    child.once("exit", () => reject(new Error(`it ended: ${shown}`)));
  });
  const { tokenSecret } = configOfNowhere();
  const token = mintToken({ secret: tokenSecret, userId: "late", ttlMs: 60_000, now: Date.now() });
  const headers = { authorization: `Bearer ${token}` };
  const reserved = await fetch(`${api}/v1/coupons/${couponId}/reservations`, { method: "POST", headers });
  assert.equal(reserved.status, 202);
  const read = await fetch(`${api}${reserved.headers.get("location")}&waitMs=10000`, { headers });
  assert.deepEqual(((await read.json()) as { readonly reason: string }).reason, "SOLD_OUT");
  assert.deepEqual(await partsShown(pages, login), ["api", "relay", "relay", "worker", "worker", "worker", "worker"]);
  child.kill("SIGINT");
  const [code] = await ended;
  assert.equal(code, 0, shown);
});
