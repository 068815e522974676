/** Which calls may run ahead: the first of a path, where it says so, and where everything takes rounds. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { defineProcessor, type Item } from "../flow/processor.ts";
import { defineStore } from "../flow/store.ts";
import { defineTopology, from } from "../flow/dsl.ts";
import { createInterpreter } from "./interpret.ts";
import { enter } from "./record-state.ts";
import type { Call, StepEnvironment } from "./round.ts";
import { asked, answered, type Text, toText } from "./testing/walking.ts";
import { recordContext } from "../testing/record-context.ts";

type Done = { readonly kind: "done"; readonly text: string };
const done = ({ value: { text } }: Item<Text>): Done => ({ kind: "done", text });
const many = (name: string, ahead: boolean) =>
  defineProcessor({
    ...{ name, ahead, compensatable: [] },
    runMany: async (items: readonly Item<Text>[], _deps: object): Promise<readonly Done[]> => items.map(done),
  });
const one = defineProcessor({
  ...{ name: "one", compensatable: [] },
  run: async ({ text }: Text, _deps: object): Promise<Done> => ({ kind: "done", text }),
});
const oneByOne = defineStore<Text, object>({ name: "one-by-one", write: async () => {} });

const chain = (ahead: boolean) =>
  defineTopology(
    "chain",
    from(asked, (texts) => texts.step(many("first", ahead)).step(many("second", true)).to(answered, toText)),
  );

test("ahead: is allowed for the first call alone when later steps say it too", async () => {
  const interpreter = createInterpreter(chain(true).parts);
  assert.equal(interpreter.isAhead("asked"), true);
  const calls: (readonly [string, boolean | undefined])[] = [];
  const environment: StepEnvironment = {
    attempt: async <R>({ name, ahead, items, run }: Call<R>) => {
      calls.push([name, ahead]);
      return (await run(items)).map((value) => ({ ok: true, value }));
    },
    ...{ deps: {}, encode: () => Buffer.alloc(0), now: () => 0, limit: (task) => task() },
  };
  const entrant = enter({ text: "a" }, recordContext(), "a");
  await interpreter.round("asked", [entrant], environment);
  assert.deepEqual(calls, [
    ["first", true],
    ["second", false],
  ]);
});

test("ahead: is not allowed when the first step does not say it, or something takes records one by one", () => {
  assert.equal(createInterpreter(chain(false).parts).isAhead("asked"), false);
  const steps = from(asked, (texts) => texts.step(many("first", true)).step(one).to(answered, toText));
  assert.equal(createInterpreter(defineTopology("steps", steps).parts).isAhead("asked"), false);
  const stores = from(asked, (texts) => texts.step(many("first", true)).to(oneByOne, toText));
  assert.equal(createInterpreter(defineTopology("stores", stores).parts).isAhead("asked"), false);
});
