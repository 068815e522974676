/** A database that refuses its user while everything runs: what is answered and said, and that all goes on by itself once it does not. */
import assert from "node:assert/strict";
import { relative } from "node:path";
import { after, before, test } from "node:test";
import mysql from "mysql2/promise";
import { layoutOf } from "../../dev/stack/layout.ts";
import type { StackChild } from "../../dev/children.ts";
import { mintToken } from "../../api/tokens/token.ts";
import { stackUnderTest, until } from "../testing/stack-under-test.ts";

const user = "sluice_locked";
// By itself: its worker shares a group with those of other files, and is refused for a while.
const { config, endpoints, prepared, start } = stackUnderTest({ env: { SLUICE_HOLD_GRACE_MS: "1000" } });
const url = new URL(endpoints.databaseUrl);
const schema = url.pathname.slice(1);
url.username = user;
url.password = "sesame";

let root: mysql.Connection;
before(async () => {
  await prepared();
  // The socket's path may be at most 107 bytes long, so it is given from here.
  const socketPath = relative(process.cwd(), `${layoutOf("test").data("mariadb")}/mariadb.sock`);
  root = await mysql.createConnection({ socketPath, user: "root" });
  await root.query(`CREATE OR REPLACE USER ${user}@'%' IDENTIFIED BY 'sesame'`);
  await root.query(`GRANT ALL ON ${mysql.escapeId(schema)}.* TO ${user}@'%'`);
});
after(async () => {
  await root.query(`DROP USER IF EXISTS ${user}@'%'`);
  await root.end();
});

/** Ends the user's connections: a lock counts for those that are opened after it. */
const disconnect = async (): Promise<void> => {
  await root.query(`KILL USER ${user}`).catch(() => {});
};

/** What an operator does, and what undoes it. */
const refusals: readonly (readonly [code: string, refuse: string, allow: string])[] = [
  ["DATABASE_4151", `ALTER USER ${user}@'%' ACCOUNT LOCK`, `ALTER USER ${user}@'%' ACCOUNT UNLOCK`],
  ["DATABASE_1045", `ALTER USER ${user}@'%' IDENTIFIED BY 'changed'`, `ALTER USER ${user}@'%' IDENTIFIED BY 'sesame'`],
  [
    "DATABASE_(1044|1142)",
    `REVOKE ALL ON ${mysql.escapeId(schema)}.* FROM ${user}@'%'`,
    `GRANT ALL ON ${mysql.escapeId(schema)}.* TO ${user}@'%'`,
  ],
];

const aPayment = "/v1/payments/00000000-0000-7000-8000-000000000001";
const token = mintToken({ secret: config.tokenSecret, userId: "alice", ttlMs: 3_600_000, now: Date.now() });
const isReady = async ({
  healthUrl,
}: Pick<StackChild, "healthUrl">): Promise<{ readonly status: number; readonly text: string }> => {
  const answer = await fetch(`${healthUrl}/ready`);
  return { status: answer.status, text: await answer.text() };
};

test("processes: answer 503, name the refusal and go on by themselves when the database refuses their user for a while", {
  timeout: 240_000,
}, async () => {
  const env = { SLUICE_DATABASE_URL: url.href };
  const [api, worker, relay] = await Promise.all([
    start({ command: "api", name: "api", env }),
    start({ command: "worker", name: "worker", env }),
    start({ command: "relay", name: "relay", env }),
  ]);
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(`${api.url}${path}`, {
      ...init,
      headers: { ...init.headers, authorization: `Bearer ${token}`, "content-type": "application/json" },
    });
  const pay = () =>
    ask("/v1/payments", {
      method: "POST",
      headers: { "idempotency-key": "k" },
      body: JSON.stringify({ orderId: "00000000-0000-7000-8000-000000000001" }),
    });
  // A refusal before the database's first answer ends an API, and it is ready before that.
  await until("the API's database has answered", async () => (await ask(aPayment)).status === 404);
  for (const [code, refuse, allow] of refusals) {
    await root.query(refuse);
    await disconnect();
    const [read, paid] = await Promise.all([ask(aPayment), pay()]);
    for (const answer of [read, paid]) {
      assert.equal(answer.status, 503, `${code}: ${await answer.text()}`);
      assert.ok(Number(answer.headers.get("retry-after")) > 0);
    }
    for (const process of [api, relay])
      await until(`${process.child.name} names ${code}`, async () => {
        const { status, text } = await isReady(process);
        return status === 503 && new RegExp(`${code} has lasted for .*SLUICE_DATABASE_URL`).test(text);
      });
    await root.query(allow);
    for (const process of [api, worker, relay])
      await until(`${process.child.name} is ready again`, async () => (await isReady(process)).status === 200);
    assert.equal((await ask(aPayment)).status, 404);
  }
});

test("api: is unready and names the refusal when its user may still read, and not write", {
  timeout: 240_000,
}, async () => {
  const api = await start({ command: "api", name: "api-reading", env: { SLUICE_DATABASE_URL: url.href } });
  const read = () => fetch(`${api.url}${aPayment}`, { headers: { authorization: `Bearer ${token}` } });
  await until("its database has answered", async () => (await read()).status === 404);
  // Its own first questions, too: they take milliseconds, and then it is silent for two seconds.
  await until("it asks nothing now", async () => {
    const [rows] = await root.query<mysql.RowDataPacket[]>(
      "SELECT COUNT(*) AS own, SUM(command <> 'Sleep') AS busy, MAX(time) AS idle FROM information_schema.processlist WHERE user = ?",
      [user],
    );
    return Number(rows[0]?.["own"]) > 0 && Number(rows[0]?.["busy"]) === 0 && Number(rows[0]?.["idle"]) >= 1;
  });
  await root.query(`REVOKE UPDATE ON ${mysql.escapeId(schema)}.* FROM ${user}@'%'`);
  await disconnect();
  await until("it names the refusal", async () => {
    const { status, text } = await isReady(api);
    return status === 503 && /DATABASE_1142 has lasted for .*UPDATE command denied/.test(text);
  });
  await root.query(`GRANT ALL ON ${mysql.escapeId(schema)}.* TO ${user}@'%'`);
  await until("it is ready again", async () => (await isReady(api)).status === 200);
});
