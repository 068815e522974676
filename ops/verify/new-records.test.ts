/** What is new of a topic is shown once, and again only where a turn was cut short. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { record, string } from "../../engine/avro/avro.ts";
import { createCodec } from "../../engine/avro/codec.ts";
import { topic } from "../../engine/avro/topic.ts";
import type { LogRecord } from "../../engine/log/log.ts";
import { RegistryUnavailable } from "../../engine/registry/http.ts";
import { newRecords } from "./new-records.ts";

const Text = record("test.v1.Text", { text: string() });
const texts = topic("texts", Text, { key: "text", id: ({ text }) => text, partitions: 2 });
const registry = { isAway: false };
const codecOf = () =>
  createCodec({
    source: {
      schemaOf: async (id) => {
        if (registry.isAway) throw new RegistryUnavailable("schema", {});
        return id === 1 ? Text.avro : undefined;
      },
      idOf: async () => 1,
    },
    now: () => performance.now(),
    unknownIdGraceMs: 0,
  });

const stage = async () => {
  const encode = await codecOf().encoder(texts);
  const log: LogRecord[][] = [[], []];
  const cluster = {
    endOffsets: async () => log.map(({ length }) => BigInt(length)),
    committedOffsets: async () => [],
    close: async () => {},
    readRanges: async (
      _: string,
      ranges: readonly { readonly partition: number; readonly from: bigint; readonly end: bigint }[],
      see: (partition: number, records: readonly LogRecord[]) => void | Promise<void>,
    ) => {
      for (const { partition, from, end } of ranges)
        await see(partition, log[partition]?.slice(Number(from), Number(end)) ?? []);
    },
  };
  const add = (partition: number, value: Buffer | string) => {
    const own = log[partition] ?? [];
    const bytes = typeof value === "string" ? encode({ text: value }) : value;
    own.push({ offset: BigInt(own.length), timestampMs: 1, key: null, value: bytes, headers: {} });
  };
  const records = newRecords({ cluster, codec: codecOf() }, [texts]);
  const seen = (upTo?: readonly (bigint | undefined)[]) =>
    records.turn(async (read) => {
      const found: string[] = [];
      await read(texts, ({ text }) => found.push(text), upTo);
      return found;
    });
  return { add, seen, records };
};

test("newRecords: shows nothing of what is older than the first turn, and what is new once", async () => {
  const { add, seen } = await stage();
  add(0, "old");
  assert.equal(await seen(), undefined);
  add(0, "a");
  add(1, "b");
  add(1, Buffer.from("no record"));
  assert.deepEqual(await seen(), ["a", "b"]);
  assert.deepEqual(await seen(), []);
});

test("newRecords: shows what is before the given offsets, and the rest when they have risen", async () => {
  const { add, seen } = await stage();
  await seen();
  for (const text of ["a", "b", "c"]) add(0, text);
  assert.deepEqual(await seen([2n, undefined]), ["a", "b"]);
  assert.deepEqual(await seen([3n, 0n]), ["c"]);
});

test("newRecords: shows a turn's records again when it was cut short", async () => {
  const { add, seen, records } = await stage();
  await seen();
  add(0, "a");
  const cut = records.turn(async (read) => {
    await read(texts, () => {});
    throw new Error("the database is away");
  });
  await assert.rejects(cut, /away/);
  assert.deepEqual(await seen(), ["a"]);
});

test("newRecords: passes over nothing when the registry that knows its schema is away", async () => {
  const { add, seen } = await stage();
  await seen();
  add(0, "a");
  registry.isAway = true;
  await assert.rejects(seen(), RegistryUnavailable);
  registry.isAway = false;
  assert.deepEqual(await seen(), ["a"]);
});
