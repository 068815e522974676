/** The committed schemas of every record. */
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { test } from "node:test";
import { avscType } from "../engine/avro/exact-types.ts";
import { couponTopics } from "./coupon.ts";
import { snapshotFolder, snapshots } from "./write-snapshots.ts";

test("coupon records: are valid Avro, one topic each, named by version", () => {
  for (const { schema } of couponTopics) {
    assert.equal(avscType(schema.avro).name, schema.name);
    assert.match(schema.name, /^coupon\.v1\.[A-Z][A-Za-z]+$/);
  }
  assert.equal(new Set(couponTopics.map(({ name }) => name)).size, couponTopics.length);
});

test("coupon records: are as they were reviewed (after a change that is meant: npx node schemas/write-snapshots.ts)", async () => {
  const files = (await readdir(snapshotFolder)).toSorted();
  assert.deepEqual(files, [...snapshots().keys()].toSorted());
  for (const [file, text] of snapshots()) assert.equal(await readFile(`${snapshotFolder}${file}`, "utf8"), text);
});
