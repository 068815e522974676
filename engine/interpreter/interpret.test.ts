/** How a round is split, called lane by lane or at once, and stored. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Fatal, Poison } from "../errors.ts";
import { defineCompensation, defineProcessor, type Item } from "../flow/processor.ts";
import { defineStore } from "../flow/store.ts";
import { defineTopology, from, type Stream, undo } from "../flow/dsl.ts";
import {
  type Needs,
  type No,
  type Yes,
  type Text,
  answer,
  asked,
  decide,
  endingOf,
  first,
  halving,
  play,
  refuse,
  refused,
  second,
  textsOf,
  three,
  toText,
  toUndone,
  undoFirst,
  undoSecond,
  undone,
  written,
} from "./testing/walking.ts";
import type { Call, Result } from "./round.ts";
// ---- Splitting ----

test("interpret: takes a round through a step together and each part of it on, by outcome", async () => {
  const { calls, paths } = await play(three, ["a yes yes yes", "b no", "c yes yes yes", "d no", "e yes no"]);
  assert.deepEqual(calls.slice(0, 3), [
    "first: a yes yes yes, b no, c yes yes yes, d no, e yes no",
    "second: a yes yes yes, c yes yes yes, e yes no",
    "third: a yes yes yes, c yes yes yes",
  ]);
  assert.deepEqual(paths.map(endingOf), ["to", "fail", "to", "fail", "fail"]);
});

test("interpret: answers a path for each record, in the order they came in", async () => {
  const { paths } = await play(three, ["b no", "a yes yes yes", "c no"]);
  assert.deepEqual(
    paths.map(({ context }) => context.idempotencyKey),
    ["b no", "a yes yes yes", "c no"],
  );
  assert.deepEqual(paths.map(written), [["refused b no"], ["answered a yes yes yes"], ["refused c no"]]);
});

test("interpret: tells of every turn, with how many take it", async () => {
  const { turns } = await play(three, ["a yes no", "b no", "c no"]);
  assert.deepEqual(turns.toSorted(), [
    "outcome first no: 2",
    "outcome first yes: 1",
    "outcome second no: 1",
    "undone first undo-first: 1",
    "written refused: 1",
    "written refused: 2",
    "written undone: 1",
  ]);
});

test("interpret: calls nothing when the round is empty", async () => {
  const { calls, paths, turns } = await play(three, []);
  assert.deepEqual([calls, paths, turns], [[], [], []]);
});

test("interpret: ends a path without a trace in the topics when it is dropped", async () => {
  const dropping = defineTopology(
    "dropping",
    from(asked, (stream) => stream.step(first, undoFirst).branch({ yes: answer, no: (no) => no.drop("said no") })),
  );
  const { paths, turns } = await play(dropping, ["a no"]);
  assert.deepEqual(paths.map(endingOf), ["drop"]);
  assert.deepEqual(paths.map(written), [[]]);
  assert.deepEqual(turns, ["outcome first no: 1", "dropped said no: 1"]);
});

test("interpret: follows the one edge of a step with a single outcome", async () => {
  const single = defineProcessor({
    name: "single",
    compensatable: ["yes"],
    run: async ({ text }: Text): Promise<Yes> => ({ kind: "yes", text }),
  });
  const topology = defineTopology(
    "single-outcome",
    from(asked, (stream) =>
      stream.step(single, undoFirst).step(second, undoSecond).branch({ yes: answer, no: refuse }),
    ),
  );
  const { paths } = await play(topology, ["a - no", "b - yes"]);
  assert.deepEqual(paths.map(written), [["undone a - no: no at 7", "refused a - no"], ["answered b - yes"]]);
});

// ---- One by one ----

/** A topology of one step that decides one by one, and a hand on when each decision is made. */
const oneByOne = () => {
  const started: string[] = [];
  const waiting = new Map<string, (error?: Error) => void>();
  const single = defineProcessor({
    name: "single",
    compensatable: [],
    run: async ({ text }: Text): Promise<Yes | No> => {
      started.push(text);
      const error = await new Promise<Error | undefined>((resolve) => waiting.set(text, resolve));
      if (error !== undefined) throw error;
      return decide(text, 1);
    },
  });
  const topology = defineTopology(
    "one-by-one",
    from(asked, (stream) => stream.step(single).branch({ yes: answer, no: answer })),
  );
  const decideNow = async (text: string, error?: Error): Promise<void> => {
    waiting.get(text)?.(error);
    await settled();
  };
  return { topology, started, decideNow };
};
/** Every promise that can resolve without the world has. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("interpret: runs lanes side by side and the records of a lane in order when a step decides one by one", async () => {
  const { topology, started, decideNow } = oneByOne();
  const playing = play(topology, ["a yes 1", "b yes 1", "a no 2", "b yes 2"]);
  await settled();
  assert.deepEqual(started, ["a yes 1", "b yes 1"]);
  await decideNow("b yes 1");
  assert.deepEqual(started, ["a yes 1", "b yes 1", "b yes 2"]);
  await decideNow("b yes 2");
  await decideNow("a yes 1");
  await decideNow("a no 2");
  const { paths } = await playing;
  assert.deepEqual(
    paths.flatMap(written),
    ["a yes 1", "b yes 1", "a no 2", "b yes 2"].map((text) => `answered ${text}`),
  );
});

test("interpret: goes on with a lane when a record of it is poison", async () => {
  const { topology, decideNow } = oneByOne();
  const playing = play(topology, ["a yes 1", "a yes 2"]);
  await settled();
  await decideNow("a yes 1", new Poison("BAD", "it is bad"));
  await decideNow("a yes 2");
  const { paths } = await playing;
  assert.deepEqual(paths.map(endingOf), ["single: it is bad; held nothing", "to"]);
});

test("interpret: tries nothing behind a record of its lane, and goes on with the others, when it is given up on in doubt", async () => {
  const { topology, started, decideNow } = oneByOne();
  const playing = play(topology, ["a yes 1", "a yes 2", "b yes 3", "a yes 4"]);
  await settled();
  await decideNow("a yes 1", new Error("fell over"));
  await decideNow("b yes 3");
  const { paths } = await playing;
  assert.deepEqual(started, ["a yes 1", "b yes 3"]);
  assert.deepEqual(paths.map(endingOf), ["single: fell over; held nothing", "single: behind", "to", "single: behind"]);
});

test("interpret: undoes nothing of a record when it is behind another", async () => {
  const { calls, paths } = await play(three, ["a yes error", "a yes yes yes"]);
  assert.deepEqual(paths.map(endingOf), ['second: "a yes error" made it fall over; held first', "second: behind"]);
  assert.ok(!calls.some((call) => call.startsWith("undo")), calls.join("; "));
});

test("interpret: runs no more lanes side by side than its surroundings let it", async () => {
  const { topology, started, decideNow } = oneByOne();
  let last: Promise<unknown> = Promise.resolve();
  const limit = <T>(task: () => Promise<T>): Promise<T> => {
    const next = last.then(task);
    last = next;
    return next;
  };
  const playing = play(topology, ["a yes", "b yes"], { limit });
  await settled();
  assert.deepEqual(started, ["a yes"]);
  await decideNow("a yes");
  assert.deepEqual(started, ["a yes", "b yes"]);
  await decideNow("b yes");
  await playing;
});

test("interpret: comes to the same whether a step and its undo take one record or many", async () => {
  const one = defineProcessor({
    name: "first",
    compensatable: ["yes"],
    run: async ({ text }: Text): Promise<Yes | No> => decide(text, 1),
  });
  const undoOne = defineCompensation({
    name: "undo-first",
    run: async ({ text }: Yes): Promise<void> => {
      if (text.includes("stuck-undo-first")) throw new Error("stuck");
    },
  });
  const build = (start: (stream: Stream<Text, unknown>) => ReturnType<typeof manyAtOnce>) =>
    defineTopology(
      "either",
      from(asked, (stream) =>
        start(stream).continueOn("yes", { no: refuse }).step(second, undoSecond).branch({ yes: answer, no: refuse }),
      ),
    );
  const manyAtOnce = (stream: Stream<Text, Needs>) => stream.step(first, undoFirst);
  const oneAtATime = (stream: Stream<Text, Needs>) => stream.step(one, { yes: undo(undoOne, undone, toUndone) });
  const texts = ["a yes no", "b no", "c poison", "d yes no stuck-undo-first", "e yes yes", "a error", "a yes poison"];
  const [ones, many] = await Promise.all([play(build(oneAtATime), texts), play(build(manyAtOnce), texts)]);
  assert.deepEqual(ones.paths.map(endingOf), many.paths.map(endingOf));
  assert.deepEqual(ones.paths.map(written), many.paths.map(written));
  assert.deepEqual(ones.paths.map(endingOf), [
    "fail",
    "fail",
    'first: "c poison" is bad; held nothing',
    "undo undo-first: stuck; held first",
    "to",
    'first: "a error" made it fall over; held nothing',
    "first: behind",
  ]);
});

test("interpret: gives a function of one record its context, and no other", async () => {
  const seen: bigint[] = [];
  const undoOne = defineCompensation({
    name: "undo-first",
    run: async (_yes: Yes, _needs: unknown, { offset }): Promise<void> => {
      seen.push(offset);
    },
  });
  const one = defineProcessor({
    name: "first",
    compensatable: ["yes"],
    run: async ({ text }: Text, _needs: unknown, { offset, idempotencyKey }): Promise<Yes> => {
      assert.equal(idempotencyKey, text);
      seen.push(offset);
      return { kind: "yes", text };
    },
  });
  const topology = defineTopology(
    "contexts",
    from(asked, (stream) => stream.step(one, { yes: undo(undoOne, undone, toUndone) }).fail(refused, toText)),
  );
  await play(topology, ["a", "b"]);
  assert.deepEqual(seen, [0n, 1n, 0n, 1n]);
});

// ---- Stores ----

test("interpret: gives a store a whole round, projected, in order, with each record's context", async () => {
  const given: string[] = [];
  const archive = defineStore({
    name: "archive",
    writeMany: async (items: readonly Item<Text>[], { calls }: Needs): Promise<void> => {
      calls.push("archive");
      given.push(...items.map(({ value, context }) => `${value.text} @${context.offset}`));
    },
  });
  const { calls, paths, turns } = await play(archiving(archive), ["a", "careful", "c"]);
  assert.deepEqual(given, ["kept a @0", "kept c @2"]);
  assert.deepEqual(calls, ["archive"]);
  assert.deepEqual(turns, ["written archive: 2"]);
  assert.deepEqual(paths.map(endingOf), ["to", "write archive: careful; held nothing", "to"]);
  assert.deepEqual(paths.map(written), [[], [], []]);
});

test("interpret: does not call a store when nothing is left to write", async () => {
  const archive = defineStore({
    name: "archive",
    writeMany: async (_items: readonly Item<Text>[], { calls }: Needs): Promise<void> => {
      calls.push("archive");
    },
  });
  const { calls, turns } = await play(archiving(archive), ["careful"]);
  assert.deepEqual([calls, turns], [[], []]);
});

test("interpret: ends the paths that a store refuses", async () => {
  const archive = defineStore({
    name: "archive",
    writeMany: async (items: readonly Item<Text>[], _needs: Needs): Promise<void> => {
      if (textsOf(items).includes("kept b")) throw new Error("full");
    },
  });
  const { paths } = await play(archiving(archive), ["a", "b"]);
  assert.deepEqual(paths.map(endingOf), ["to", "write archive: full; held nothing"]);
});

function archiving(archive: ReturnType<typeof defineStore<Text, Needs>>) {
  const toKept = ({ text }: Text): Text => {
    if (text === "careful") throw new TypeError("careful");
    return { text: `kept ${text}` };
  };
  return defineTopology(
    "archiving",
    from(asked, (stream) => stream.to(archive, toKept)),
  );
}

// ---- Ending together ----

/** Whether a promise has ended yet, and how. */
const watch = (promise: Promise<unknown>) => {
  const seen: { ended: unknown } = { ended: undefined };
  promise.then(
    () => {
      seen.ended = "resolved";
    },
    (error: unknown) => {
      seen.ended = error;
    },
  );
  return seen;
};

test("interpret: waits for the other lanes when one of them stops the round", async () => {
  const { topology, decideNow } = oneByOne();
  const round = watch(play(topology, ["a yes", "b yes"]));
  await settled();
  const stop = new Fatal("WRONG", "wrong deployment");
  await decideNow("a yes", stop);
  assert.equal(round.ended, undefined);
  await decideNow("b yes");
  assert.equal(round.ended, stop);
});

test("interpret: waits for the other parts when one of them stops the round", async () => {
  const stop = new Fatal("WRONG", "wrong deployment");
  const held = Promise.withResolvers<void>();
  const attempt = async <R>(call: Call<R>): Promise<readonly Result<R>[]> => {
    if (call.name === "undo undo-first") throw stop;
    if (call.name === "third") await held.promise;
    return halving(call);
  };
  const round = watch(play(three, ["a yes no", "b yes yes yes"], { attempt }));
  await settled();
  assert.equal(round.ended, undefined);
  held.resolve();
  await settled();
  assert.equal(round.ended, stop);
});
