/** What every registry does that schemas are kept in: the one in memory, the stack's, and any other by its address. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { int, optional, record, string } from "../../avro/avro.ts";
import type { RegistryAdmin } from "../admin.ts";

/** A registry under test. */
export interface RegistryUnderTest {
  readonly admin: RegistryAdmin;
  /** A subject, and a name for its record, that no other test has: registries give equal schemas one id. */
  readonly unique: () => { readonly subject: string; readonly name: string };
}

/** Declares the tests. `describe` names the registry in their titles. */
export const registryContract = (describe: string, open: () => RegistryUnderTest): void => {
  const schemas = (name: string) => ({
    first: record(name, { text: string() }).avro,
    grown: record(name, { text: string(), note: optional(string()) }).avro,
    broken: record(name, { text: int() }).avro,
  });
  /** Reads what `grown` wrote, and not what `first` did. */
  const required = (name: string) => ({
    type: "record",
    name,
    fields: [
      { name: "text", type: "string" },
      { name: "note", type: ["null", "string"] },
    ],
  });

  test(`${describe}: has nothing of a subject that is not there`, async () => {
    const { admin, unique } = open();
    const { subject, name } = unique();
    const { first } = schemas(name);
    assert.deepEqual(await admin.versions(subject), []);
    assert.equal(await admin.version(subject, 1), undefined);
    assert.equal(await admin.lookup(subject, first), undefined);
    assert.equal(await admin.level(subject), null);
    assert.ok([null, "READWRITE"].includes(await admin.mode(subject)));
  });

  test(`${describe}: registers a schema once, whatever how often it is asked`, async () => {
    const { admin, unique } = open();
    const { subject, name } = unique();
    const { first, grown } = schemas(name);
    const once = await admin.register(subject, first);
    assert.ok(once.kind === "registered");
    assert.deepEqual(await admin.register(subject, first), once);
    assert.deepEqual(await admin.versions(subject), [1]);
    assert.deepEqual(await admin.lookup(subject, first), { version: 1, id: once.id });
    assert.equal(await admin.lookup(subject, grown), undefined);
    const version = await admin.version(subject, 1);
    assert.deepEqual([version?.id, JSON.stringify(version?.avro).includes('"text"')], [once.id, true]);
    assert.equal(await admin.version(subject, 2), undefined);
  });

  test(`${describe}: has the level that was set for a subject`, async () => {
    const { admin, unique } = open();
    const { subject, name } = unique();
    await admin.register(subject, schemas(name).first);
    for (const level of ["BACKWARD", "BACKWARD_TRANSITIVE"]) {
      await admin.setLevel(subject, level);
      assert.equal(await admin.level(subject), level);
    }
  });

  test(`${describe}: says for each version whether it could be read, and refuses what could not`, async () => {
    const { admin, unique } = open();
    const { subject, name } = unique();
    const { first, grown, broken } = schemas(name);
    await admin.register(subject, first);
    await admin.setLevel(subject, "BACKWARD_TRANSITIVE");
    await admin.register(subject, grown);
    assert.deepEqual(await admin.versions(subject), [1, 2]);
    const verdicts = async (avro: typeof first) =>
      Promise.all([1, 2].map((version) => admin.isCompatible(subject, version, avro)));
    assert.deepEqual(await verdicts(first), [true, true]);
    assert.deepEqual(await verdicts(broken), [false, false]);
    assert.deepEqual(await verdicts(required(name)), [false, true]);
    assert.equal((await admin.register(subject, broken)).kind, "incompatible");
    assert.deepEqual(await admin.versions(subject), [1, 2]);
    // What only an earlier version stops is not asked here: Apicurio 3.3.3 has the level and registers it all the same, so
    // every version is compared before anything is registered.
  });

  test(`${describe}: refuses what is no Avro`, async () => {
    const { admin, unique } = open();
    const { subject } = unique();
    assert.equal((await admin.register(subject, { type: "recrod", name: "Wrong" })).kind, "refused");
    assert.deepEqual(await admin.versions(subject), []);
  });
};
