/** A poison error undoes the pending undos wherever it happens, unless a pivot has been passed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Poison } from "../errors.ts";
import { pivot } from "../flow/processor.ts";
import { defineStore } from "../flow/store.ts";
import { defineTopology, type End, from, type Stream } from "../flow/dsl.ts";
import {
  type Needs,
  type Text,
  answer,
  answered,
  asked,
  endingOf,
  first,
  play,
  refuse,
  second,
  third,
  toText,
  undoFirst,
  undoSecond,
  written,
} from "./testing/walking.ts";

const failing = defineStore({
  name: "archive",
  writeMany: async (): Promise<void> => {
    throw new Poison("BAD_ROW", "no such row");
  },
});
const toNothing = (): Text => {
  throw new TypeError("no record of this");
};
const toTooLarge = (): Text => ({ text: "too large" });

/** Where the path meets poison, after the first step and either the second step's pivot or its undo. */
const places: Readonly<Record<string, (stream: Stream<Text, Needs>) => End<Needs>>> = {
  step: (stream) => stream.step(third, undoSecond).branch({ yes: answer, no: answer }),
  store: (stream) => stream.to(failing, toText),
  projection: (stream) => stream.to(answered, toNothing),
  encoding: (stream) => stream.to(answered, toTooLarge),
  "encoding beside the path": (stream) => stream.also(answered, toTooLarge).drop("written"),
  "projection to a store": (stream) => stream.to(failing, toNothing),
};

for (const [place, path] of Object.entries(places)) {
  for (const pivoted of [false, true]) {
    const what = pivoted ? "undoes nothing" : "undoes what is pending";
    test(`poison: ${what} when it happens at a ${place} ${pivoted ? "past" : "before"} a pivot`, async () => {
      const topology = defineTopology(
        "poisoned",
        from(asked, (stream) =>
          path(
            stream
              .step(first, undoFirst)
              .continueOn("yes", { no: refuse })
              .step(second, pivoted ? { yes: pivot("it is out of our hands") } : undoSecond)
              .continueOn("yes", { no: (no) => no.drop("no") }),
          ),
        ),
      );
      const { paths, calls } = await play(topology, ["a yes yes poison"]);
      const undos = calls.filter((call) => call.startsWith("undo"));
      assert.equal(undos.length, pivoted ? 0 : 2);
      assert.match(paths.map(endingOf).join(), pivoted ? /; held first$/ : /; held nothing$/);
      assert.equal(paths.flatMap(written).length, undos.length);
    });
  }
}
