/** What the DSL compiles to: shared paths, clashes, the graph, and its hash as the topology's version. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { defineCompensation, defineProcessor, type Pivot, pivot } from "./processor.ts";
import { record, string } from "../avro/avro.ts";
import { topic } from "../avro/topic.ts";
import { defineStore } from "./store.ts";
import { defineTopology, from, type Stream, type Undo, undo } from "./dsl.ts";
import { graphHash } from "./graph.ts";
import { InvalidTopology } from "./validate.ts";

type Text = { readonly text: string };
const Text = record("test.v1.Text", { text: string() });
const textTopic = (name: string, partitions = 3) =>
  topic(name, Text, { key: ({ text }: Text) => text, id: ({ text }: Text) => text, partitions });
const asked = textTopic("asked");
const answered = textTopic("answered");
const undone = textTopic("undone");
const archive = defineStore({ name: "archive", writeMany: async (_texts: readonly { readonly value: Text }[]) => {} });

type Yes = { readonly kind: "yes"; readonly text: string };
type No = { readonly kind: "no"; readonly text: string };
const decide = async ({ text }: Text): Promise<Yes | No> => ({ kind: text === "" ? "no" : "yes", text });
const ask = defineProcessor({ name: "ask", compensatable: ["yes"], run: decide });
const note = defineProcessor({
  name: "note",
  compensatable: [],
  run: async ({ text }: Text): Promise<{ readonly kind: "noted"; readonly text: string }> => ({ kind: "noted", text }),
});
const takeBack = defineCompensation({ name: "take-back", run: async (_yes: Yes): Promise<void> => {} });
const toText = ({ text }: Text): Text => ({ text });
const toOther = ({ text }: Text): Text => ({ text: `other ${text}` });
const toUndone = (): Text => ({ text: "undone" });
const undoYes = { yes: undo(takeBack, undone, toUndone) };
const end = (stream: Stream<Text, unknown>) => stream.to(answered, toText);

/** Both arms of `ask` go through `note`. */
const shared = () =>
  defineTopology(
    "shared",
    from(asked, (stream) =>
      stream.step(ask, undoYes).branch({ yes: (yes) => end(yes.step(note)), no: (no) => end(no.step(note)) }),
    ),
  );
const clashing = (build: () => unknown): readonly string[] => {
  try {
    build();
  } catch (error) {
    assert(error instanceof InvalidTopology);
    return error.broken;
  }
  return [];
};

test("compile: gives the graph every edge, in the order of declaration, and steps and endpoints by name", () => {
  const endpoint = { kind: "topic", partitions: 3, avro: Text.avro };
  assert.deepEqual(shared().graph, {
    name: "shared",
    sources: ["asked"],
    endpoints: { asked: endpoint, answered: endpoint, undone: endpoint },
    steps: { ask: { undo: { yes: { undo: "take-back", sink: "undone", project: "toUndone" } } }, note: { undo: {} } },
    edges: [
      { from: "asked", on: "*", does: "step", step: "ask" },
      { from: "ask", on: "yes", does: "step", step: "note" },
      { from: "note", on: "*", does: "to", sink: "answered", project: "toText" },
      { from: "ask", on: "no", does: "step", step: "note" },
    ],
  });
});

test("compile: makes one path of what several arms share", () => {
  const { parts } = shared();
  assert.deepEqual(
    parts.steps.map(({ name }) => name),
    ["ask", "note"],
  );
});

test("compile: makes one source of flows that begin alike", () => {
  const flow = () => from(asked, (stream) => stream.step(ask, undoYes).branch({ yes: end, no: end }));
  const { graph } = defineTopology("twice", flow(), flow());
  assert.deepEqual(graph.sources, ["asked"]);
  assert.equal(graph.edges.length, 3);
});

test("compile: describes a store, a drop and a pivot", () => {
  const { graph } = defineTopology(
    "ends",
    from(asked, (stream) =>
      stream.step(ask, { yes: pivot("money moved") }).branch({
        yes: (yes) => yes.to(archive, toText),
        no: (no) => no.drop("nobody asked"),
      }),
    ),
  );
  assert.deepEqual(graph.endpoints["archive"], { kind: "store" });
  assert.deepEqual(graph.steps["ask"]?.undo, { yes: { pivot: "money moved" } });
  assert.deepEqual(graph.edges.at(-1), { from: "ask", on: "no", does: "drop", reason: "nobody asked" });
});

test("compile: a topology's hash is its graph's, and the same for the same declaration", () => {
  assert.equal(shared().hash, graphHash(shared().graph));
});

test("compile: the hash is another one when anything a record meets differs", () => {
  const topology = (to = answered, project = toText, reason = "no") =>
    defineTopology(
      "small",
      from(asked, (stream) =>
        stream.step(ask, undoYes).branch({ yes: (yes) => yes.to(to, project), no: (no) => no.drop(reason) }),
      ),
    ).hash;
  const hashes = [
    topology(),
    topology(undone),
    topology(textTopic("answered", 4)),
    topology(answered, toOther),
    topology(answered, toText, "never"),
  ];
  assert.equal(new Set(hashes).size, hashes.length);
});

test("compile: names a step that is declared with two processors", () => {
  const otherNote = { ...note };
  const build = () =>
    defineTopology(
      "clash",
      from(asked, (stream) =>
        stream.step(ask, undoYes).branch({ yes: (yes) => end(yes.step(note)), no: (no) => end(no.step(otherNote)) }),
      ),
    );
  assert.deepEqual(clashing(build), [
    'step "note" is declared twice, with another processor, undo or limit; name one of them with { as: "..." }',
  ]);
});

test("compile: names a step that is declared with two undos, also when they have one name", () => {
  const takeBackElsewhere = { ...takeBack };
  const toUndoneElsewhere = { toUndone: (): Text => ({ text: "elsewhere" }) }.toUndone;
  type YesUndo = { readonly yes: Undo<Yes, unknown> | Pivot };
  const twice = (second: YesUndo, first: YesUndo = undoYes) =>
    clashing(() =>
      defineTopology(
        "clash",
        from(asked, (stream) => stream.step(ask, first).branch({ yes: end, no: end })),
        from(textTopic("asked-again"), (stream) => stream.step(ask, second).branch({ yes: end, no: end })),
      ),
    );
  const clash = [
    'step "ask" is declared twice, with another processor, undo or limit; name one of them with { as: "..." }',
  ];
  assert.deepEqual(twice({ yes: undo(takeBack, undone, toUndone) }), []);
  assert.deepEqual(twice({ yes: undo(takeBackElsewhere, undone, toUndone) }), clash);
  assert.deepEqual(twice({ yes: undo(takeBack, undone, toUndoneElsewhere) }), clash);
  assert.deepEqual(twice({ yes: pivot("money moved") }), clash);
  assert.deepEqual(twice({ yes: pivot("money moved") }, { yes: pivot("mail sent") }), clash);
});

test("compile: names an outcome that goes two ways", () => {
  const build = () =>
    defineTopology(
      "clash",
      from(asked, (stream) =>
        stream.step(ask, undoYes).branch({
          yes: (yes) => yes.step(note).to(answered, toText),
          no: (no) => no.step(note).to(answered, toOther),
        }),
      ),
    );
  assert.deepEqual(clashing(build), ['note [*] goes two ways; name one of the steps with { as: "..." }']);
});

test("compile: names two topics of one name, which the graph could not tell apart", () => {
  const build = () =>
    defineTopology(
      "clash",
      from(asked, (stream) =>
        stream.step(ask, undoYes).branch({ yes: end, no: (no) => no.to(textTopic("answered"), toText) }),
      ),
    );
  assert.deepEqual(clashing(build), ['"answered" names two topics or stores']);
});

test("compile: refuses what validateGraph names", () => {
  const build = () =>
    defineTopology(
      "Not kebab",
      from(asked, (stream) => end(stream.step(note))),
    );
  assert.deepEqual(clashing(build), ['"Not kebab" is not a kebab-case name']);
});
