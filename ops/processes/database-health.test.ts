// The API's database as `/ready` sees it: away is degraded, refused is unready, and refused at the start is the end.
import assert from "node:assert/strict";
import { test } from "node:test";
import { AccessRefused, Contended, Fatal, Unavailable } from "../../engine/errors.ts";
import { silentLogger } from "../../engine/logger.ts";
import { settled, steppedClock } from "../../engine/testing/stepped-clock.ts";
import { watchDatabase } from "./database-health.ts";

const refusal = new AccessRefused("database", "DATABASE_4151", "the database refuses us: locked");

/** A watch on a database that answers, or fails with what the test says. */
const watched = (first?: Error) => {
  const time = steppedClock();
  const state = { failure: first };
  const ask = async (): Promise<void> => {
    if (state.failure !== undefined) throw state.failure;
  };
  const health = watchDatabase({ ask, clock: time.clock, logger: silentLogger, graceMs: 10_000 });
  const ended = (): Promise<Error | "running"> =>
    Promise.race([health.ended, settled().then(() => "running" as const)]);
  const pass = async (seconds: number): Promise<void> => {
    for (let n = 0; n < seconds; n++) await time.step(1_000);
  };
  return { health, state, ended, pass };
};

test("database health: is degraded after the grace, and never unready, when the database is away and returns", async () => {
  const { health, state, pass, ended } = watched();
  await pass(1);
  state.failure = new Unavailable("database", "refused");
  await pass(9);
  assert.deepEqual(health.degraded(), []);
  await pass(8);
  assert.match(
    health.degraded().join(),
    /^database has been away for 1\d s \(database is unavailable: refused\): reserv/,
  );
  assert.deepEqual(health.reasons(), []);
  state.failure = undefined;
  await pass(3);
  assert.deepEqual([health.degraded(), await ended()], [[], "running"]);
  health.stop();
});

test("database health: says that the database is locked, and not away, when a lock on its tables is not given up", async () => {
  const { health, state, pass } = watched();
  await pass(1);
  state.failure = new Contended("LOCK_WAIT_TIMEOUT", "another transaction keeps a lock");
  await pass(15);
  assert.match(
    health.degraded().join(),
    /^database has been locked for 1\d s \(another transaction keeps a lock\): reserv/,
  );
  assert.deepEqual(health.reasons(), []);
  health.stop();
});

test("database health: is unready after the grace, and ready again, when the user is locked and unlocked", async () => {
  const { health, state, pass, ended } = watched();
  await pass(1);
  state.failure = refusal;
  await pass(15);
  assert.match(
    health
      .reasons()
      .map(({ why }) => why)
      .join(),
    /^DATABASE_4151 has lasted for 1\d s \(the database refuses us: locked\)$/,
  );
  assert.deepEqual(health.degraded(), []);
  state.failure = undefined;
  await pass(3);
  assert.deepEqual([health.reasons(), await ended()], [[], "running"]);
  health.stop();
});

for (const error of [refusal, new Fatal("DATABASE_IDENTITY", "it has none")]) {
  test(`database health: ends the process when its first answer is ${error.code}`, async () => {
    const { health, pass, ended } = watched(error);
    await pass(1);
    assert.equal(await ended(), error);
    health.stop();
  });
}

test("database health: ends the process when the database was away at the start, and then refuses the user", async () => {
  const { health, state, pass, ended } = watched(new Unavailable("database", "refused"));
  await pass(3);
  assert.equal(await ended(), "running");
  state.failure = refusal;
  await pass(3);
  assert.equal(await ended(), refusal);
  health.stop();
});
