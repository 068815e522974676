/** `sluice schema evolve` on the real registry and database: what is written, what the audit log says, and what refuses. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { exitCodes } from "../../engine/app/cli.ts";
import { openDeployments } from "../../engine/app/deploying/open.ts";
import { evolveVerb } from "../../engine/app/evolving/evolve-verb.ts";
import { int, optional, record, type RecordSchema, string } from "../../engine/avro/avro.ts";
import { confluentAdmin } from "../../engine/registry/admin.ts";
import { app } from "../../sluice.config.ts";
import { stackUnderTest } from "../testing/stack-under-test.ts";

const { config, prepared } = stackUnderTest();
const folder = await mkdtemp(join(tmpdir(), "versions-"));
after(() => rm(folder, { recursive: true }));

const topic = `test-${randomUUID()}`;
const subject = `${topic}-value`;
const name = `test.v1.R${randomUUID().replaceAll("-", "")}`;
const admin = confluentAdmin({ url: config.registryUrl });
const options = { reason: "a test", actor: "tester", lockTimeout: 30_000, json: true };

/** The shop with one more topic, whose schema is this; answers the exit code. */
const evolve = async (schema: RecordSchema<unknown>): Promise<number> => {
  const declared = { name: topic, partitions: 1, schema };
  const schemas = { history: pathToFileURL(`${folder}/`) };
  process.exitCode = 0;
  // The environment of tests has settings of their own.
  const settings = async () => ({ read: () => config, explain: () => [], remarks: () => [] });
  await evolveVerb({ ...app, settings, allTopics: [...app.allTopics, declared], schemas }, [subject], options);
  const code = Number(process.exitCode);
  process.exitCode = 0;
  return code;
};
const operations = async () => {
  const { deployments, close } = await openDeployments(app, config);
  try {
    return (await deployments.operations(100)).filter(
      ({ verb, actor }) => verb === "schema evolve" && actor === "tester",
    );
  } finally {
    await close();
  }
};

test("schema evolve: makes versions, once each, writes them down, and leaves everything as it is when it refuses", async () => {
  await prepared();
  // Only the schema is read; the codec's types are not needed.
  const first = record(name, { text: string() }) as unknown as RecordSchema<unknown>;
  const grown = record(name, { text: string(), note: optional(string()) }) as unknown as RecordSchema<unknown>;
  const broken = record(name, { text: string(), size: int() }) as unknown as RecordSchema<unknown>;
  assert.equal(await evolve(first), exitCodes.done);
  assert.equal(await evolve(grown), exitCodes.done);
  assert.equal(await evolve(grown), exitCodes.done);
  assert.deepEqual(await admin.versions(subject), [1, 2]);
  assert.equal(await admin.level(subject), "BACKWARD_TRANSITIVE");
  assert.deepEqual((await readdir(join(folder, subject))).toSorted(), ["1.avsc", "2.avsc"]);
  const done = await operations();
  assert.deepEqual(
    done.map(({ result, reason }) => [result, reason]),
    [
      ["evolved", "a test"],
      ["evolved", "a test"],
    ],
  );

  assert.equal(await evolve(broken), exitCodes.refused);
  assert.deepEqual(await admin.versions(subject), [1, 2]);
  assert.equal((await readdir(join(folder, subject))).length, 2);
  assert.equal((await operations()).length, 2);
});
