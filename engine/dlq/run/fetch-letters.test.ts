/** Letters with the bytes of their records, wherever these are kept. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { shortenDeadLetter } from "../../worker/round/dead-letter.ts";
import { idText } from "../letters/letter.ts";
import { readLetters } from "../read/read-standings.ts";
import { dlqWorld } from "../testing/memory-world.ts";
import { fetchLetters, fetchWhole } from "./fetch-letters.ts";

test("fetchWhole: says where the bytes are from when the letter has them, its origin has them, or nobody has", async () => {
  const world = await dlqWorld();
  await world.addLetters(3, { value: Buffer.from("v"), headers: { trace: Buffer.from("t") } });
  for (const partition of [1, 2]) {
    const [letter] = world.broker.records({ topic: "shop.dlq", partition });
    const short = letter && shortenDeadLetter(shortenDeadLetter(letter) ?? letter);
    await world.append({ topic: "shop.dlq", partition }, short === undefined ? [] : [short]);
    world.broker.deleteBefore({ topic: "shop.dlq", partition }, 1n);
  }
  world.broker.deleteBefore({ topic: "in", partition: 2 }, 1n);
  const { letters } = await readLetters(world.cluster, "shop.dlq");
  const found = await fetchWhole(world.cluster, letters);
  const shown = letters.map((letter) => {
    const { record, bytesFrom } = found.get(idText(letter.place)) ?? assert.fail("it is gone");
    return [letter.origin.partition, bytesFrom, String(record.value), String(record.headers["trace"])];
  });
  assert.deepEqual(shown, [
    [0, "letter", "v", "t"],
    [1, "origin", "v", "t"],
    [2, "gone", "null", "undefined"],
  ]);
  assert.equal((await fetchLetters(world.cluster, letters)).size, 2);
});
