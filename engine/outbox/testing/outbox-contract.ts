/** What every {@link Outbox} does, an adapter and a fake. The rows of other tests may be in it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { LedOutbox, Outbox, OutboxRow } from "../outbox.ts";

/** An outbox, and what fills it. */
export interface OutboxSubject<Value> {
  readonly outbox: Outbox<Value>;
  /** Writes so many new values in this trace, in order, each committed; returns them as they will be read. */
  readonly write: (count: number, traceparent?: string) => Promise<readonly Value[]>;
  /** The id of a value's row. */
  readonly idOf: (value: Value) => string;
  /** Takes values away, and leaves their rows; answers how to bring the values back. */
  readonly orphan: (values: readonly Value[]) => Promise<() => Promise<void>>;
}

/** Of all unpublished rows, those with these ids. */
export const rowsWithIds = async <Value>(
  led: LedOutbox<Value>,
  ids: readonly string[],
): Promise<readonly OutboxRow<Value>[]> => {
  const wanted = new Set(ids);
  return (await led.unpublished(10_000)).filter(({ id }) => wanted.has(id));
};

const hourMs = 3_600_000;

/** Leads at once, or fails. */
const leading = async <Value, T>(outbox: Outbox<Value>, work: (led: LedOutbox<Value>) => Promise<T>): Promise<T> =>
  (await outbox.lead(1_000, work)) ?? assert.fail("another process leads");

/** Registers the suite. `subject` is called inside each test. */
export const outboxContract = <Value>(name: string, subject: () => OutboxSubject<Value>): void => {
  const it = (what: string, body: (subject: OutboxSubject<Value>) => Promise<void>) =>
    test(`${name}: ${what}`, () => body(subject()));

  it("has a row for each value, in order, until it is marked", async ({ outbox, write, idOf }) => {
    const values = await write(5);
    const ids = values.map(idOf);
    await leading(outbox, async (led) => {
      const rows = await rowsWithIds(led, ids);
      assert.deepEqual(
        rows.map(({ id, value }) => ({ id, value })),
        values.map((value) => ({ id: idOf(value), value })),
      );
      const numbers = rows.map(({ number }) => number);
      assert.deepEqual(
        numbers,
        numbers.toSorted((a, b) => a - b),
      );
      assert.equal(await led.markPublished([...rows.slice(0, 1), ...rows.slice(3)]), 3);
      assert.deepEqual(await rowsWithIds(led, ids), rows.slice(1, 3));
      assert.equal(await led.markPublished(rows), 2);
      assert.equal(await led.markPublished([]), 0);
      assert.deepEqual(await rowsWithIds(led, ids), []);
      return true;
    });
  });

  it("says the trace of what was written in one, and of nothing else", async ({ outbox, write, idOf }) => {
    const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const ids = [...(await write(1)), ...(await write(2, traceparent)), ...(await write(1))].map(idOf);
    await leading(outbox, async (led) => {
      const rows = await rowsWithIds(led, ids);
      assert.deepEqual(
        rows.map((row) => row.traceparent),
        [undefined, traceparent, traceparent, undefined],
      );
      await led.markPublished(rows);
      return true;
    });
  });

  it("marks nothing when a row's number now belongs to another value", async ({ outbox, write, idOf }) => {
    const ids = (await write(2)).map(idOf);
    await leading(outbox, async (led) => {
      const rows = await rowsWithIds(led, ids);
      const [first, second] = rows;
      assert.ok(first && second);
      assert.equal(await led.markPublished([{ ...second, number: first.number }]), 0);
      assert.deepEqual(await rowsWithIds(led, ids), rows);
      assert.equal(await led.markPublished(rows), 2);
      return true;
    });
  });

  it("reads at most the given number of rows, the oldest first", async ({ outbox, write }) => {
    await write(3);
    await leading(outbox, async (led) => {
      const rows = await led.unpublished(10_000);
      assert.deepEqual(await led.unpublished(2), rows.slice(0, 2));
      return true;
    });
  });

  it("is led by one process at a time, and by another when that one ends or fails", async ({ outbox }) => {
    await leading(outbox, async (led) => {
      assert.equal(await outbox.lead(1, async () => assert.fail()), undefined);
      await led.stillLeading();
      return true;
    });
    await assert.rejects(
      outbox.lead(1_000, () => Promise.reject(new RangeError("mine"))),
      /mine/,
    );
    assert.equal(await outbox.lead(1_000, async () => "leads"), "leads");
  });

  it("measures how far the log is behind", async ({ outbox, write }) => {
    const before = await outbox.lag();
    await write(2);
    // Other tests may write meanwhile; none of them publishes.
    const behind = await outbox.lag();
    assert.ok(behind.rows >= before.rows + 2, JSON.stringify({ before, behind }));
    assert.ok(Number.isSafeInteger(behind.oldestMs) && behind.oldestMs >= 0, String(behind.oldestMs));
  });

  it("deletes old published rows, at most the given number, and no unpublished row", async ({
    outbox,
    write,
    idOf,
  }) => {
    const ids = (await write(4)).map(idOf);
    await leading(outbox, async (led) => {
      const rows = await rowsWithIds(led, ids);
      await led.markPublished(rows.slice(0, 3));
      assert.equal(await led.prune(hourMs, 10), 0);
      // A negative age selects every row that is marked.
      assert.equal(await led.prune(-hourMs, 2), 2);
      while ((await led.prune(-hourMs, 1_000)) > 0);
      assert.deepEqual(await rowsWithIds(led, ids), rows.slice(3));
      return true;
    });
  });

  it("passes over rows whose values are gone, names them, and has them again when their values are back", async ({
    outbox,
    write,
    idOf,
    orphan,
  }) => {
    const values = await write(4);
    const ids = values.map(idOf);
    const restore = await orphan(values.slice(0, 2));
    try {
      await leading(outbox, async (led) => {
        const open = await rowsWithIds(led, ids);
        assert.deepEqual(
          open.map(({ id }) => id),
          ids.slice(2),
        );
        // Not even one of them takes the place of a row that can be published.
        const [first] = await led.unpublished(1);
        assert.ok(first !== undefined && !ids.slice(0, 2).includes(first.id));
        return true;
      });
      const { orphans } = await outbox.lag();
      assert.deepEqual(
        orphans.flatMap(({ id }) => (ids.includes(id) ? [id] : [])),
        ids.slice(0, 2),
      );
    } finally {
      await restore();
    }
    await leading(outbox, async (led) => {
      const rows = await rowsWithIds(led, ids);
      assert.deepEqual(
        rows.map(({ id }) => id),
        ids,
      );
      await led.markPublished(rows);
      return true;
    });
  });
};
