/** Following a reservation: what a client takes from a stream of events, however it is cut. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { answersIn } from "./follow.ts";

const stream =
  'retry: 2000\n\nevent: pending\ndata: {"status":"pending","queue":{"before":7}}\n\n:\n\nevent: refused\ndata: {"status":"refused","reason":"✓"}\n\nevent: pending\ndata: {';

test("follow: takes every whole event, and no comment, when the stream is cut anywhere", async () => {
  const bytes = Buffer.from(stream);
  for (const size of [1, 2, 7, 64, bytes.length]) {
    async function* parts() {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
    }
    const answers = [];
    for await (const answer of answersIn(parts())) answers.push(answer);
    assert.deepEqual(answers, [
      { status: "pending", queue: { before: 7 } },
      { status: "refused", reason: "✓" },
    ]);
  }
});
