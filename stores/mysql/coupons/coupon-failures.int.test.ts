/** What the book does when the real database refuses, hangs, is cut off, or has another session in the way. */
import assert from "node:assert/strict";
import { createServer } from "node:net";
import { test } from "node:test";
import { AccessRefused, Contended, Fatal, Poison, Unavailable } from "../../../engine/errors.ts";
import type { Coupon, CouponId, ReservationId, UserId } from "../../../schemas/coupon.ts";
import { commitCuts, databaseBehindProxy } from "../testing/database-behind-proxy.ts";
import { aClaim } from "../../testing/idempotency-keys.ts";
import { aCoupon, aCouponId, anIssue, aRefusal, aReservationId, many } from "../../../processors/testing/samples.ts";
import { closedPort, listening } from "../../testing/tcp-proxy.ts";
import { couponBook, roundMaxRows } from "./coupon-book.ts";
import { couponCatalog } from "./coupon-catalog.ts";
import { couponRegister } from "./coupon-register.ts";
import { type Database, openDatabase } from "../database.ts";
import { idempotencyKeys } from "../idempotency/idempotency-keys.ts";
import { oldCouponKeys } from "../idempotency/old-keys.ts";
import { migrate } from "../migrate.ts";
import { lockCoupons, takeUnits } from "./round-statements.ts";
import { inTransaction, type Session, withSession } from "../session.ts";
import { verdictLookup } from "./verdict-lookup.ts";
import { columns, integerColumn, textColumn } from "../columns/columns.ts";
import { numberColumns, numberOf } from "../testing/number-of.ts";

const { url, database, proxy, using, cutCommit } = await databaseBehindProxy();
const register = couponRegister(database);
const catalog = couponCatalog(database);

const opened = async (changes: Partial<Coupon> = {}): Promise<CouponId> => {
  const coupon = aCoupon(10, changes);
  await register.open(coupon);
  return coupon.couponId;
};
const left = async (couponId: CouponId) => (await catalog.remaining([couponId])).get(couponId);
const isUnavailable = (error: unknown) => error instanceof Unavailable && error.who === "database";

const connectionId = "SELECT CONNECTION_ID() AS n";
const idOf = (mine: Database): Promise<number> => numberOf(mine, connectionId);

const lockCoupon = "SELECT coupon_no AS n FROM coupon WHERE coupon_id = ? FOR UPDATE";
const lock = ({ select }: Session, couponId: CouponId) => select(numberColumns, lockCoupon, [Buffer.from(couponId)]);

/** Resolves once this session of the database runs a statement that asks for a lock: it waits, or it would be done. */
const waitsForLock = async (id: number): Promise<void> => {
  const running = "SELECT COUNT(*) AS n FROM information_schema.processlist WHERE id = ? AND info LIKE '%FOR UPDATE%'";
  for (let seen = 0; seen < 3; ) {
    const found = await numberOf(database, running, [id]);
    seen = found === 0 ? 0 : seen + 1;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};

test("mysql book: is unavailable and writes nothing when its session is killed in mid-transaction", async () => {
  const couponId = await opened();
  const round = many(3, () => anIssue(couponId));
  await using({ poolMax: 1 }, async (mine) => {
    const book = couponBook(mine);
    const id = await idOf(mine);
    await inTransaction(database, async (session) => {
      await lock(session, couponId);
      const pending = assert.rejects(book.issue(round), isUnavailable);
      await waitsForLock(id);
      await database.sequelize.query(`KILL ${id}`);
      await pending;
    });
    assert.equal(await left(couponId), 10);
    const { answers } = await book.issue(round);
    assert.deepEqual(
      answers.map(({ kind }) => kind),
      ["issued", "issued", "issued"],
    );
  });
  assert.equal(await left(couponId), 7);
});

test("mysql book: is held, named as locked, and writes nothing when a lock is not given up", async () => {
  const couponId = await opened();
  await using({ lockWaitTimeoutSeconds: 1 }, async (mine) => {
    await inTransaction(database, async (session) => {
      await lock(session, couponId);
      await assert.rejects(
        couponBook(mine).issue([anIssue(couponId)]),
        (error) => error instanceof Contended && error.code === "LOCK_WAIT_TIMEOUT",
      );
    });
  });
  assert.equal(await left(couponId), 10);
});

test("mysql book: runs its transaction again by itself when it was a deadlock's victim", async () => {
  // Rounds lock their coupons in the order of their ids; this opposes one that does not.
  const [a, b] = [
    await opened({ couponId: `a-${aCouponId()}` as CouponId }),
    await opened({ couponId: `b-${aCouponId()}` as CouponId }),
  ];
  const round = [anIssue(a), anIssue(b)];
  await using({ poolMax: 1 }, async (mine) => {
    const id = await idOf(mine);
    const { issuing } = await inTransaction(database, async (session) => {
      // The heavier transaction survives, so this one writes something first.
      await session.change("UPDATE coupon SET valid_for_days = valid_for_days + 1 WHERE coupon_id = ?", [
        Buffer.from(b),
      ]);
      const pending = couponBook(mine).issue(round);
      await waitsForLock(id);
      // Granted although the round held it: so the round was rolled back.
      await lock(session, a);
      return { issuing: pending };
    });
    assert.deepEqual(
      (await issuing).answers.map(({ kind }) => kind),
      ["issued", "issued"],
    );
  });
  assert.deepEqual([await left(a), await left(b)], [9, 9]);
});

test("mysql book: takes nothing from a coupon that has too little, and says so", async () => {
  const [rich, poor] = [await opened(), await opened({ stock: 1 })];
  const taken = await inTransaction(database, async (session) => {
    const coupons = await lockCoupons(session, [anIssue(rich), anIssue(poor)]);
    const numbers = [rich, poor].map((couponId) => coupons.get(couponId)?.couponNo ?? 0);
    return takeUnits(session, new Map(numbers.map((couponNo) => [couponNo, 2])));
  });
  assert.equal(taken, 1);
  assert.deepEqual([await left(rich), await left(poor)], [8, 1]);
});

test("mysql book: decides alike when two processes issue the last units of a coupon at once", async () => {
  const couponId = await opened();
  const rounds = many(4, () => many(5, () => anIssue(couponId)));
  await using({}, async (mine) => {
    const books = [couponBook(database), couponBook(mine)];
    const answers = await Promise.all(rounds.map((round, at) => books[at % 2]?.issue(round)));
    const kinds = answers.flatMap((round) => round?.answers ?? []).map(({ kind }) => kind);
    assert.equal(kinds.filter((kind) => kind === "issued").length, 10);
    assert.equal(kinds.filter((kind) => kind === "exhausted").length, 10);
  });
  assert.equal(await left(couponId), 0);
});

test("mysql book: gives a reservation one verdict when it is issued and refused at once", async () => {
  const couponId = await opened({ stock: 1_000 });
  await using({}, async (mine) => {
    for (let round = 0; round < 20; round++) {
      const issues = many(10, () => anIssue(couponId));
      const refusals = issues.map((issue) => aRefusal(couponId, { ...issue, reason: "CLOSED" }));
      const [issued, refused] = await Promise.all([
        couponBook(database).issue(issues),
        couponBook(mine).refuse(refusals),
      ]);
      const said = issued.answers.map(({ kind }) => (kind === "issued" ? "issued" : "refused"));
      assert.deepEqual(
        said,
        refused.map(({ kind }) => kind),
      );
    }
  });
});

for (const [when, direction] of commitCuts) {
  test(`mysql book: is unavailable, and answers the same when asked again, when COMMIT is cut off ${when}`, async () => {
    const couponId = await opened();
    const round = [...many(3, () => anIssue(couponId)), ...many(9, () => anIssue(couponId))];
    await using({ databaseUrl: proxy.url }, async (mine) => {
      const book = couponBook(mine);
      const committing = cutCommit(direction);
      await assert.rejects(book.issue(round), isUnavailable);
      assert.ok(committing());
      proxy.heal();
      const verdicts = await verdictLookup(database).find(round.map(({ reservationId }) => reservationId));
      assert.equal(verdicts.size, direction === "onRequest" ? 0 : 12);
      const kinds = (await book.issue(round)).answers.map(({ kind }) => kind);
      const again = direction === "onRequest" ? "exhausted" : "decided";
      assert.deepEqual(kinds, [...many(10, () => "issued"), again, again]);
      assert.equal(await left(couponId), 0);
    });
  });
}

for (const [name, ask] of [
  ["book", async (mine: Database, couponId: CouponId) => void (await couponBook(mine).issue([anIssue(couponId)]))],
  [
    "register",
    async (mine: Database, couponId: CouponId) => void (await couponRegister(mine).open(aCoupon(10, { couponId }))),
  ],
] as const) {
  test(`mysql ${name}: is unavailable when the database stops answering, and its place in the pool is free again`, async () => {
    const couponId = await opened();
    const limits = { statementTimeoutMs: 300, connectTimeoutMs: 300, poolMax: 1 };
    await using({ databaseUrl: proxy.url, ...limits }, async (mine) => {
      await ask(mine, couponId);
      proxy.onReply = () => "silence";
      await assert.rejects(ask(mine, couponId), isUnavailable);
      proxy.heal();
      // The pool may be opening a connection that the silence got; the one after it is good.
      await ask(mine, couponId).catch(() => ask(mine, couponId));
    });
  });
}

test("mysql database: has the server end a statement that takes too long, and keeps the connection", async () => {
  await using({ statementTimeoutMs: 200, poolMax: 1 }, async (mine) => {
    const id = await idOf(mine);
    const nap = "SELECT COUNT(*) AS n FROM (SELECT SLEEP(5)) AS nap";
    await assert.rejects(numberOf(mine, nap), isUnavailable);
    assert.equal(await idOf(mine), id);
  });
});

test("mysql stores: are unavailable when nothing listens", async () => {
  await using({ databaseUrl: `mysql://u:p@127.0.0.1:${await closedPort()}/s` }, async (mine) => {
    const couponId = aCouponId();
    const asked = [
      couponBook(mine).issue([anIssue(couponId)]),
      couponBook(mine).refuse([aRefusal(couponId)]),
      couponCatalog(mine).find([couponId]),
      couponCatalog(mine).remaining([couponId]),
      couponRegister(mine).open(aCoupon(1)),
      verdictLookup(mine).find([aReservationId()]),
      idempotencyKeys(mine).claim([aClaim()]),
      oldCouponKeys(mine).prune(86_400_000, 10),
    ];
    for (const answer of await Promise.allSettled(asked)) {
      assert.ok(answer.status === "rejected" && isUnavailable(answer.reason), String(Object.entries(answer)));
    }
  });
  await assert.rejects(migrate({ databaseUrl: `mysql://u:p@127.0.0.1:${await closedPort()}/s` }), isUnavailable);
});

test("mysql database: is unavailable when whatever listens says nothing", async () => {
  const silent = createServer();
  const port = await listening(silent);
  try {
    await using({ databaseUrl: `mysql://u:p@127.0.0.1:${port}/s`, connectTimeoutMs: 200 }, async (mine) => {
      await assert.rejects(couponCatalog(mine).remaining([aCouponId()]), isUnavailable);
    });
  } finally {
    silent.close();
  }
});

test("mysql database: is unavailable when no connection comes free in time", async () => {
  await using({ poolMax: 1, acquireTimeoutMs: 100 }, async (mine) => {
    await withSession(mine, async () => {
      await assert.rejects(couponCatalog(mine).remaining([aCouponId()]), isUnavailable);
    });
  });
});

test("mysql database: answers what a start ends by when the login is refused or the schema is missing", async () => {
  const isRefusal = (error: unknown) =>
    (error instanceof AccessRefused || error instanceof Fatal) && /^DATABASE_(1044|1045|1049)$/.test(error.code);
  const wrongPassword = new URL(url);
  wrongPassword.password = "not-the-password";
  const wrongSchema = new URL(url);
  wrongSchema.pathname = "/no_such_schema";
  for (const { href } of [wrongPassword, wrongSchema]) {
    await using({ databaseUrl: href }, async (mine) => {
      await assert.rejects(couponCatalog(mine).remaining([aCouponId()]), isRefusal);
    });
  }
});

test("mysql database: refuses a URL that is none without repeating it", () => {
  for (const wrong of ["127.0.0.1:3306", "redis://:secret@localhost/0", "mysql://u:secret@localhost", ""]) {
    assert.throws(
      () => openDatabase({ databaseUrl: wrong }),
      (error) => error instanceof Fatal && error.code === "ADDRESS" && !error.message.includes("secret"),
    );
  }
});

test("mysql database: keeps a connection until its age, then opens another", async () => {
  await using({ poolMax: 1 }, async (mine) => assert.equal(await idOf(mine), await idOf(mine)));
  await using({ poolMax: 1, connectionMaxAgeMs: 0 }, async (mine) =>
    assert.notEqual(await idOf(mine), await idOf(mine)),
  );
});

test("mysql database: opens another connection when an idle one was killed", async () => {
  await using({ poolMax: 1 }, async (mine) => {
    const id = await idOf(mine);
    await database.sequelize.query(`KILL ${id}`);
    const again = await idOf(mine).catch((error: unknown) => {
      // The kill and the next statement may meet; then that one statement is lost, and known to be.
      assert.ok(isUnavailable(error));
      return idOf(mine);
    });
    assert.notEqual(again, id);
  });
});

test("mysql database: gives every connection the settings the SQL relies on", async () => {
  const settings = columns(
    "session",
    { mode: textColumn(), zone: textColumn(), wait: integerColumn(), level: textColumn() },
    { mode: "@@sql_mode", zone: "@@time_zone", wait: "@@innodb_lock_wait_timeout", level: "@@tx_isolation" },
  );
  await using({ lockWaitTimeoutSeconds: 7 }, async (mine) => {
    const [row] = await withSession(mine, ({ select }) => select(settings, `SELECT ${settings.list}`, []));
    assert.match(row?.mode ?? "", /STRICT_ALL_TABLES/);
    assert.deepEqual([row?.zone, row?.wait, row?.level], ["+00:00", 7, "READ-COMMITTED"]);
  });
});

test("mysql book: names the record and writes nothing when an id or a time can't be kept", async () => {
  const couponId = await opened();
  const book = couponBook(database);
  const bad = [
    anIssue(couponId, { userId: "u".repeat(256) as UserId }),
    anIssue("c".repeat(65) as CouponId),
    anIssue(couponId, { reservationId: "x" as ReservationId }),
    anIssue(couponId, { issuedAt: Number.NaN }),
    anIssue(couponId, { expiresAt: -1 }),
    anIssue(couponId, { expiresAt: 2 ** 53 }),
  ];
  for (const issue of bad) {
    const isPoison = (error: unknown) => error instanceof Poison && error.idempotencyKey === issue.reservationId;
    await assert.rejects(book.issue([anIssue(couponId), issue]), isPoison);
    const { reservationId, userId, expiresAt } = issue;
    const refusal = aRefusal(issue.couponId, { reservationId, userId, refusedAt: expiresAt });
    if (!Number.isNaN(issue.issuedAt)) await assert.rejects(book.refuse([aRefusal(couponId), refusal]), isPoison);
  }
  assert.equal(await left(couponId), 10);
});

test("mysql stores: refuse calls above their limits", async () => {
  const couponId = aCouponId();
  const issues = many(roundMaxRows + 1, () => anIssue(couponId));
  await assert.rejects(couponBook(database).issue(issues), Fatal);
  await assert.rejects(verdictLookup(database).find(issues.map(({ reservationId }) => reservationId)), Fatal);
});

test("mysql register: is poison when a value does not fit, and opens nothing", async () => {
  const { policy, ...terms } = aCoupon(5);
  const tooLong = { ...terms, policy: { ...policy, name: "x".repeat(256) } };
  await assert.rejects(register.open(tooLong), Poison);
  await assert.rejects(register.open(aCoupon(-1)), Poison);
  await assert.rejects(register.open(aCoupon(1, { couponId: "" as CouponId })), Poison);
  assert.equal((await catalog.find([terms.couponId])).size, 0);
});
