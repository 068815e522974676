/**
 * Writes every record's Avro schema into `schemas/avsc/`, where a review sees what changes on the wire. Run it after a
 * change that is meant: `npx node schemas/write-snapshots.ts`. A test compares until then.
 */
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { AvroJson } from "../engine/avro/avro.ts";
import { couponTopics } from "./coupon.ts";
import { paymentTopics } from "./payment.ts";

/** Where the schemas are kept. */
export const snapshotFolder: string = fileURLToPath(new URL("avsc/", import.meta.url));

/** The text of each file, by its name: the record's full name. */
export const snapshots = (): ReadonlyMap<string, string> =>
  new Map([...couponTopics, ...paymentTopics].map(({ schema }) => [`${schema.name}.avsc`, textOf(schema.avro)]));

const textOf = (avro: AvroJson): string => `${JSON.stringify(avro, null, 2)}\n`;

if (import.meta.main) {
  const files = snapshots();
  await mkdir(snapshotFolder, { recursive: true });
  for (const file of await readdir(snapshotFolder)) if (!files.has(file)) await rm(`${snapshotFolder}${file}`);
  for (const [file, text] of files) await writeFile(`${snapshotFolder}${file}`, text);
}
