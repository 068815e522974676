/** Sharing out a group's partitions. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type GroupMember, shareOut } from "./share-out.ts";

const knowing = (id: string): GroupMember => ({ id, topics: ["source", "retry"] });
const older = (id: string): GroupMember => ({ id, topics: ["source"] });
const topics = [
  { name: "source", partitions: 4 },
  { name: "retry", partitions: 4 },
];
const shares = (...members: readonly GroupMember[]) =>
  Object.fromEntries(
    [...shareOut(members, topics)].map(([id, own]) => [
      id,
      own.map(({ topic, partition }) => `${topic}/${partition}`).join(" "),
    ]),
  );

test("shareOut: gives equal partition numbers to one member when all ask for both topics", () => {
  assert.deepEqual(shares(knowing("a"), knowing("b"), knowing("c")), {
    a: "source/0 source/3 retry/0 retry/3",
    b: "source/1 retry/1",
    c: "source/2 retry/2",
  });
});

test("shareOut: gives a topic only to members that ask for it, and the others keep their share, when releases mix", () => {
  assert.deepEqual(shares(older("a"), knowing("b")), {
    a: "source/0 source/2",
    b: "source/1 source/3 retry/0 retry/1 retry/2 retry/3",
  });
});

test("shareOut: gives a topic to nobody when nobody asks for it", () => {
  assert.deepEqual(shares(older("a"), older("b")), { a: "source/0 source/2", b: "source/1 source/3" });
});

test("shareOut: gives nothing to a member when there are more members than partitions", () => {
  const given = shares(knowing("a"), knowing("b"), knowing("c"), knowing("d"), knowing("e"));
  assert.equal(given["e"], "");
});
