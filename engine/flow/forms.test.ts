/** What each form of the DSL does to a round, and how it is drawn. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Poison } from "../errors.ts";
import {
  type Text,
  answer,
  answered,
  asked,
  endingOf,
  first,
  play,
  refuse,
  refused,
  second,
  type Yes,
} from "../interpreter/testing/walking.ts";
import { told, toText, undoFirst, undoSecond, undone, written } from "../interpreter/testing/walking.ts";
import { defineTopology, type End, from, type Stream, undo } from "./dsl.ts";
import { drawMermaid, drawText } from "./draw.ts";
import { defineCompensation, defineProcessor, type Poisoned } from "./processor.ts";
import { InvalidTopology } from "./validate.ts";

const upper = ({ text }: Text): Text => ({ text: text.toUpperCase() });
const words = ({ text }: Text): readonly Text[] => text.split(" ").map((word) => ({ text: word }));
const flow = (build: (stream: Stream<Text, unknown>) => End<never>) => defineTopology("forms", from(asked, build));
const brokenRules = (build: () => unknown): readonly string[] => {
  try {
    build();
  } catch (error) {
    assert(error instanceof InvalidTopology);
    return error.broken;
  }
  return [];
};

test("also: writes a record and goes on when a path passes it", async () => {
  const topology = flow((stream) => stream.also(told, toText).also(undone, upper).to(answered, toText));
  const { paths } = await play(topology, ["a"]);
  assert.deepEqual(paths.flatMap(written), ["told a", "undone A", "answered a"]);
  assert.equal(
    drawText(topology.graph),
    "asked  [*]  +> told via toText, +> undone via upper, -> answered via toText\n",
  );
  assert.match(drawMermaid(topology.graph), /"via upper"/);
});

test("also: undoes what is pending and goes no further when its projection throws", async () => {
  const wrong = (): Text => {
    throw new TypeError("wrong");
  };
  const topology = flow((stream) =>
    stream.step(first, undoFirst).continueOn("yes", { no: refuse }).also(told, wrong).to(answered, toText),
  );
  const { paths } = await play(topology, ["a yes"]);
  assert.deepEqual(paths.map(endingOf), ["write told: wrong; held nothing"]);
  assert.deepEqual(paths.flatMap(written), ["undone a yes: PROJECTION_FAILED at 7"]);
});

test("map: changes the value of a path, and appears in the graph by its name", async () => {
  const topology = flow((stream) => stream.map(upper).to(answered, toText));
  const { paths } = await play(topology, ["a"]);
  assert.deepEqual(paths.flatMap(written), ["answered A"]);
  assert.equal(drawText(topology.graph), "asked  [*]  map upper, -> answered via toText\n");
  assert.match(drawMermaid(topology.graph), /upper, toText/);
  assert.deepEqual(
    brokenRules(() =>
      flow((stream) =>
        stream
          .map(
            (
              () =>
              ({ text }: Text): Text => ({ text })
            )(),
          )
          .to(answered, toText),
      ),
    ),
    ["a map of asked [*] has no name"],
  );
});

test("toMany: writes a record for each of a list, also none", async () => {
  const none = (): readonly Text[] => [];
  const topology = flow((stream) =>
    stream
      .step(first, undoFirst)
      .branch({ yes: (yes) => yes.toMany(answered, words), no: (no) => no.toMany(told, none) }),
  );
  const { paths } = await play(topology, ["a yes c", "b no"]);
  assert.deepEqual(paths.map(written), [["answered a", "answered yes", "answered c"], []]);
  assert.deepEqual(paths.map(endingOf), ["to", "to"]);
  assert.match(
    drawText(topology.graph),
    /->> answered via words +undone by undo-first -> undone via toUndone; keeps yes/,
  );
});

test("toMany: finds a record wrong when it becomes more than a thousand", async () => {
  const tooMany = ({ text }: Text): readonly Text[] => Array.from({ length: 1_001 }, () => ({ text }));
  const { paths } = await play(
    flow((stream) => stream.toMany(answered, tooMany)),
    ["a"],
  );
  const [ending] = paths.map((path) => path.ending);
  assert(ending?.kind === "failed" && ending.error instanceof Poison);
  assert.equal(ending.error.code, "TOO_MANY_RECORDS");
  assert.deepEqual(paths.flatMap(written), []);
});

test("from: takes the records of several sources along one path", async () => {
  const topology = defineTopology(
    "several",
    from([asked, told], (stream) => stream.map(upper).step(first, undoFirst).branch({ yes: answer, no: refuse })),
  );
  assert.deepEqual(topology.graph.sources, ["asked", "told"]);
  assert.deepEqual(
    topology.graph.edges.slice(0, 2).map(({ from: source }) => source),
    ["asked", "told"],
  );
});

test("step: places one processor twice when each place has a name", async () => {
  const twice = (options: { readonly as?: string; readonly attempts?: number }) =>
    flow((stream) =>
      stream
        .step(first, undoFirst)
        .continueOn("yes", { no: refuse })
        .step(first, undoSecond, options)
        .branch({ yes: answer, no: refuse }),
    );
  const topology = twice({ as: "first-again", attempts: 2 });
  assert.deepEqual(topology.graph.steps["first-again"], {
    ...{ undo: { yes: { undo: "undo-second", sink: "told", project: "toUndone" } } },
    ...{ processor: "first", attempts: 2 },
  });
  const { turns } = await play(topology, ["a yes"]);
  assert(turns.includes("outcome first-again yes: 1"));
  assert.match(
    brokenRules(() => twice({})).join(),
    /step "first" is declared twice.*name one of them with \{ as: "..." \}/,
  );
});

test("step: takes poison along an arm, with what the step was given, when it catches poison", async () => {
  const toBad = ({ code, message, input }: Poisoned<Yes>): Text => ({ text: `${code} ${input.text}: ${message}` });
  const toKept = ({ kept }: { readonly kept: Yes }): Yes => kept;
  const caught = (catchPoison: boolean) => {
    const step = (stream: Stream<Text, unknown>) =>
      stream.step(first, undoFirst).continueOn("yes", { no: refuse }).keep("kept");
    const arms = { yes: answer, no: refuse };
    return flow((stream) =>
      catchPoison
        ? step(stream)
            .map(toKept)
            .step(second, undoSecond, { catchPoison: true })
            .branch({ ...arms, poison: (poison) => poison.fail(refused, toBad) })
        : step(stream).map(toKept).step(second, undoSecond).branch(arms),
    );
  };
  const topology = caught(true);
  const { paths, calls } = await play(topology, ["a yes yes", "b yes poison", "c yes error"]);
  assert.deepEqual(paths.map(endingOf).slice(0, 2), ["to", "fail"]);
  // Only poison is caught: after any other error nothing is known.
  assert.match(paths.map(endingOf)[2] ?? "", /^second: .*held first$/);
  assert.deepEqual(
    calls.filter((call) => call.startsWith("undo")),
    ["undo-first: b yes poison"],
  );
  assert.deepEqual(paths.flatMap(written).slice(1), [
    "undone b yes poison: poison at 7",
    'refused BAD_TEXT b yes poison: "b yes poison" is bad',
  ]);
  assert.match(drawText(topology.graph), /^second +\[poison\] +undo undo-first, -> refused via toBad$/m);
  assert.equal(topology.graph.steps["second"]?.catchPoison, true);
  assert.notEqual(topology.hash, caught(false).hash);
});

test("undo: undoes and writes nothing when it declares no record", async () => {
  const topology = flow((stream) =>
    stream.step(first, { yes: undo(undoFirst.yes.parts.compensation as never) }).branch({ yes: refuse, no: refuse }),
  );
  const { paths, calls } = await play(topology, ["a yes"]);
  assert.deepEqual(calls.slice(1), ["undo-first: a yes"]);
  assert.deepEqual(paths.flatMap(written), ["refused a yes"]);
  assert.deepEqual(topology.graph.steps["first"], { undo: { yes: { undo: "undo-first" } } });
  assert.match(drawText(topology.graph), /undone by undo-first$/m);
  assert.match(drawMermaid(topology.graph), /undo: undo-first/);
});

test("keep: gives every later outcome, arm and undo what was kept", async () => {
  type Kept = { readonly question: Text };
  const undoneOf: string[] = [];
  const ask = defineProcessor({
    name: "ask",
    compensatable: ["yes"],
    run: async ({ question }: Kept): Promise<{ readonly kind: "yes" } | { readonly kind: "no" }> => ({
      kind: question.text.includes("no") ? "no" : "yes",
    }),
  });
  const takeBack = defineCompensation({
    name: "take-back",
    run: async ({ question }: { readonly kind: "yes" } & Kept): Promise<void> => {
      undoneOf.push(question.text);
    },
  });
  const toQuestion = ({ question }: Kept): Text => question;
  const topology = flow((stream) =>
    stream
      .keep("question")
      .step(ask, { yes: undo(takeBack) })
      .branch({ yes: (yes) => yes.fail(refused, toQuestion), no: (no) => no.to(answered, toQuestion) }),
  );
  const { paths } = await play(topology, ["a", "b no"]);
  assert.deepEqual(paths.flatMap(written), ["refused a", "answered b no"]);
  assert.deepEqual(undoneOf, ["a"]);
  assert.match(drawText(topology.graph), /^asked +\[\*\] +keep question, ask$/m);
});

test("topics: join two flows, and are refused when they are a cycle", () => {
  const join = (last: typeof answered) =>
    defineTopology(
      "joined",
      from(asked, (stream) => stream.to(told, toText)),
      from(told, (stream) => stream.to(last, toText)),
    );
  assert.deepEqual(
    brokenRules(() => join(answered)),
    [],
  );
  assert.deepEqual(
    brokenRules(() => join(asked)),
    ["the topics asked > told > asked are a cycle"],
  );
});
