/** What is undone of a path that fails, and what is not when a call of it falls over. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Fatal, Unavailable } from "../errors.ts";
import { defineProcessor, type Item, pivot } from "../flow/processor.ts";
import { defineTopology, from } from "../flow/dsl.ts";
import {
  type No,
  type Yes,
  type Text,
  answer,
  answered,
  asked,
  decide,
  endingOf,
  first,
  halving,
  play,
  refuse,
  second,
  third,
  three,
  undoFirst,
  undoSecond,
  written,
} from "./testing/walking.ts";
import type { Call, Path, Result } from "./round.ts";

// ---- Undo ----

test("interpret: undoes the completed steps last first, and writes a record of each before the refusal", async () => {
  const { calls, paths } = await play(three, ["a yes yes no"]);
  assert.deepEqual(calls.slice(3), ["undo-second: a yes yes no", "undo-first: a yes yes no"]);
  assert.deepEqual(paths.map(written), [
    ["told a yes yes no: no at 7", "undone a yes yes no: no at 7", "refused a yes yes no"],
  ]);
});

test("interpret: undoes in one call what several records of a round hold alike, and nothing else", async () => {
  const { calls } = await play(three, ["a yes yes no", "b yes no", "c yes yes no", "d no", "e yes yes yes"]);
  assert.deepEqual(
    calls.filter((call) => call.startsWith("undo-second")),
    ["undo-second: a yes yes no, c yes yes no"],
  );
  const firsts = calls.filter((call) => call.startsWith("undo-first"));
  assert.deepEqual(firsts.toSorted(), ["undo-first: a yes yes no, c yes yes no", "undo-first: b yes no"]);
});

test("interpret: ends the path of a record whose undo fails, with what it still holds in doubt", async () => {
  const { paths } = await play(three, [
    "a yes yes no",
    "b yes yes no stuck-undo-second",
    "c yes yes no stuck-undo-first",
  ]);
  assert.deepEqual(paths.map(endingOf), [
    "fail",
    "undo undo-second: stuck; held second,first",
    "undo undo-first: stuck; held first",
  ]);
  assert.deepEqual(paths.slice(1).map(written), [[], ["told c yes yes no stuck-undo-first: no at 7"]]);
  const { turns } = await play(three, ["b yes no stuck-undo-first"]);
  assert.deepEqual(turns, ["outcome first yes: 1", "outcome second no: 1"]);
});

test("interpret: holds an effect no longer when it is undone but its record cannot be made", async () => {
  const { paths } = await play(three, ["a yes yes no untold", "b yes yes no"]);
  assert.deepEqual(paths.map(endingOf), ["write told: no record of this; held first", "fail"]);
  assert.deepEqual(written(paths[0] as Path), []);
});

// ---- Errors ----

test("interpret: undoes what earlier steps hold for a record that a step finds wrong, and then ends it as failed", async () => {
  const { calls, paths } = await play(three, ["a yes yes poison", "b yes yes yes", "c poison"]);
  assert.deepEqual(
    calls.filter((call) => call.startsWith("undo")),
    ["undo-second: a yes yes poison", "undo-first: a yes yes poison"],
  );
  assert.deepEqual(paths.map(endingOf), [
    'third: "a yes yes poison" is bad; held nothing',
    "to",
    'first: "c poison" is bad; held nothing',
  ]);
  assert.deepEqual(paths.map(written), [
    ["told a yes yes poison: BAD_TEXT at 7", "undone a yes yes poison: BAD_TEXT at 7"],
    ["answered b yes yes yes"],
    [],
  ]);
});

test("interpret: undoes nothing after any other error, and names what is in doubt", async () => {
  const { calls, paths } = await play(three, ["a yes yes error"]);
  assert.deepEqual(
    calls.filter((call) => call.startsWith("undo")),
    [],
  );
  assert.deepEqual(paths.map(endingOf), ['third: "a yes yes error" made it fall over; held second,first']);
  assert.deepEqual(paths.map(written), [[]]);
});

test("interpret: names what is in doubt when a wrong record's own undo fails", async () => {
  const { paths } = await play(three, ["a yes yes poison stuck-undo-first"]);
  assert.deepEqual(paths.map(endingOf), ["undo undo-first: stuck; held first"]);
});

test("interpret: undoes nothing for a wrong record once a pivot has been passed", async () => {
  const past = defineTopology(
    "past",
    from(asked, (stream) =>
      stream
        .step(first, undoFirst)
        .continueOn("yes", { no: refuse })
        .step(second, { yes: pivot("it is out of our hands") })
        .continueOn("yes", { no: refuse })
        .step(third, undoSecond)
        .branch({ yes: answer, no: answer }),
    ),
  );
  const { calls, paths } = await play(past, ["a yes yes poison"]);
  assert.deepEqual(
    calls.filter((call) => call.startsWith("undo")),
    [],
  );
  assert.deepEqual(paths.map(endingOf), ['third: "a yes yes poison" is bad; held first']);
});

test("interpret: uses no answer of a step that answers for another number of records than it was given", async () => {
  const forgetful = (answers: (items: readonly Item<Text>[]) => readonly Item<Text>[]) => {
    const processor = defineProcessor({
      name: "forgetful",
      compensatable: [],
      runMany: async (items: readonly Item<Text>[]): Promise<readonly (Yes | No)[]> =>
        answers(items).map(({ value }) => decide(value.text, 1)),
    });
    return defineTopology(
      "forgetful",
      from(asked, (stream) => stream.step(processor).branch({ yes: answer, no: refuse })),
    );
  };
  const left = forgetful((items) => items.filter(({ value }) => !value.text.includes("ignored")));
  const { paths } = await play(left, ["a yes ignored", "b no", "c yes"]);
  assert.deepEqual(paths.map(endingOf), [
    'forgetful: "forgetful" was given 1 record(s) and answered for 0; held nothing',
    "fail",
    "to",
  ]);
  const doubled = await play(
    forgetful((items) => [...items, ...items]),
    ["a yes"],
  );
  assert.deepEqual(doubled.paths.map(endingOf), [
    'forgetful: "forgetful" was given 1 record(s) and answered for 2; held nothing',
  ]);
});

test("interpret: ends the path of a record that its surroundings give no result for", async () => {
  const attempt = async <R>(call: Call<R>): Promise<readonly Result<R>[]> => (await halving(call)).slice(0, 1);
  const { paths } = await play(three, ["a no", "b no"], { attempt });
  assert.deepEqual(paths.map(endingOf), [
    "fail",
    'first: "first" was given 2 record(s) and answered for 1; held nothing',
  ]);
});

test("interpret: ends the path of a record with an outcome that the topology does not know", async () => {
  const { paths } = await play(three, ["a yes maybe", "b yes no"]);
  assert.deepEqual(paths.map(endingOf), [
    'second: step "second" gave outcome "maybe", which the topology does not know; held first',
    "fail",
  ]);
});

test("interpret: rejects with what its surroundings reject with", async () => {
  const fatal = new Fatal("WRONG_PROCESS", "stop");
  const attempt = async (): Promise<never> => {
    throw fatal;
  };
  await assert.rejects(play(three, ["a yes"], { attempt }), fatal);
});

test("interpret: keeps an undo that was interrupted from looking done", async () => {
  const away = new Unavailable("database", "gone");
  const attempt = <R>(call: Call<R>): Promise<readonly Result<R>[]> =>
    call.name.startsWith("undo") ? Promise.reject(away) : halving(call);
  await assert.rejects(play(three, ["a yes no"], { attempt }), away);
  await assert.rejects(play(three, ["a yes poison"], { attempt }), away);
});

test("interpret: ends only the path of a record whose projection throws, undone", async () => {
  const toCareful = ({ text }: Text): Text => {
    if (text.includes("careful")) throw new TypeError("careful");
    return { text };
  };
  const topology = defineTopology(
    "careful",
    from(asked, (stream) =>
      stream.step(first, undoFirst).branch({ yes: (yes) => yes.to(answered, toCareful), no: refuse }),
    ),
  );
  const { paths, turns } = await play(topology, ["a yes careful", "b yes"]);
  assert.deepEqual(paths.map(endingOf), ["write answered: careful; held nothing", "to"]);
  assert(turns.includes("written answered: 1"));
});
