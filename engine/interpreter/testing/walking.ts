/** A small world for tests of the interpreter: texts that say themselves what each step is to make of them. */
import { recordContext } from "../../testing/record-context.ts";
import { Fatal, Poison } from "../../errors.ts";
import { defineCompensation, defineProcessor, type Item, pivot } from "../../flow/processor.ts";
import { record, string } from "../../avro/avro.ts";
import { topic } from "../../avro/topic.ts";
import { defineTopology, from, type Stream, type Topology, undo } from "../../flow/dsl.ts";
import { createKeptLanes, isBehind } from "../behind.ts";
import { createInterpreter } from "../interpret.ts";
import { enter } from "../record-state.ts";
import type { Undone } from "../../flow/parts.ts";
import { type Call, emissionsIn, listOf, type Path, type Result, type StepEnvironment } from "../round.ts";

// A value is a text: its first word is its lane, the next say what the first, second and third step make of it.
/** A text. */
export type Text = { readonly text: string };
/** See {@link Text}. */
export const Text = record("test.v1.Text", { text: string() });
const textTopic = (name: string) => topic(name, Text, { key: ({ text }: Text) => text, id: ({ text }: Text) => text });
/** The source. */
export const asked = textTopic("asked");
/** Where a yes ends. */
/** Ends a path with a yes. */
export const answered = textTopic("answered");
/** Where a no ends. */
/** Ends a path as a failure. */
export const refused = textTopic("refused");
/** Where the undo of the first step is told. */
export const undone = textTopic("undone");
/** Where the undo of the second step is told. */
export const told = textTopic("told");

/** The outcome that leaves something behind. */
export type Yes = { readonly kind: "yes"; readonly text: string };
/** The outcome that does not. */
export type No = { readonly kind: "no"; readonly text: string };
/** Every step writes down here what it was called for. */
export type Needs = { readonly calls: string[] };
/** What is written of a text. */
export const toText = ({ text }: Text): Text => ({ text });
/** What is told of an undo; `untold` in a text makes it throw. */
export const toUndone = ({ done, reason, undoneAt }: Undone<Text>): Text => {
  if (done.text.includes("untold")) throw new TypeError("no record of this");
  return { text: `${done.text}: ${reason} at ${undoneAt}` };
};

/** What the word at this place says: `yes`, `no`, `maybe` (no outcome there is), `poison` or `error`. */
export const decide = (text: string, at: number): Yes | No => {
  const word = text.split(" ")[at];
  if (word === "poison") throw new Poison("BAD_TEXT", `"${text}" is bad`, { idempotencyKey: text });
  if (word === "error") throw new Error(`"${text}" made it fall over`);
  // As if a step had an outcome that its type hides.
  if (word === "maybe") return { kind: word as "no", text };
  return { kind: word === "no" ? "no" : "yes", text };
};
const step = (name: string, at: number) =>
  defineProcessor({
    name,
    compensatable: ["yes"],
    runMany: async (items: readonly Item<Text>[], { calls }: Needs): Promise<readonly (Yes | No)[]> => {
      calls.push(`${name}: ${textsOf(items).join(", ")}`);
      return items.map(({ value }) => decide(value.text, at));
    },
  });
/** The texts of items that carry one. */
export const textsOf = (items: readonly Item<unknown>[]): readonly string[] =>
  items.map(({ value }) => (value as Text).text);
const undoStep = (name: string) =>
  defineCompensation({
    name,
    runMany: async (items: readonly Item<Yes>[], { calls }: Needs): Promise<void> => {
      calls.push(`${name}: ${textsOf(items).join(", ")}`);
      if (items.some(({ value }) => value.text.includes(`stuck-${name}`))) throw new Error("stuck");
    },
  });
/** Steps that decide a round by the first, second and third word after the lane. */
export const first = step("first", 1);
export const second = step("second", 2);
export const third = step("third", 3);
/** Their undos; `stuck-undo-first` in a text makes it fail. */
export const undoFirst = { yes: undo(undoStep("undo-first"), undone, toUndone) };
export const undoSecond = { yes: undo(undoStep("undo-second"), told, toUndone) };
export const answer = (stream: Stream<Text, unknown>) => stream.to(answered, toText);
export const refuse = (stream: Stream<Text, unknown>) => stream.fail(refused, toText);

/** Three steps, of which the first two leave something behind; every no is a failure. */
export const three = defineTopology(
  "three",
  from(asked, (stream) =>
    stream
      .step(first, undoFirst)
      .continueOn("yes", { no: refuse })
      .step(second, undoSecond)
      .continueOn("yes", { no: refuse })
      .step(third, { yes: pivot("it is out of our hands") })
      .branch({ yes: answer, no: refuse }),
  ),
);

/** Calls everything once, lets poison that names its record stand alone, and keeps a diary. */
export const play = async (
  topology: Topology<never>,
  texts: readonly string[],
  more: Partial<StepEnvironment> = {},
) => {
  const calls: string[] = [];
  const turns: string[] = [];
  const around: StepEnvironment = {
    attempt: halving,
    deps: { calls },
    encode: ({ name }, value) => {
      if ((value as Text).text === "too large") throw new RangeError(`too large for ${name}`);
      return Buffer.from((value as Text).text);
    },
    now: () => 7,
    limit: (task) => task(),
    observe: (turn, items) => turns.push(`${Object.values<string>(turn).join(" ")}: ${items.length}`),
    ...more,
  };
  const entrants = texts.map((text, at) => ({
    value: { text },
    lane: text.split(" ")[0] ?? "",
    context: recordContext({ topic: "asked", offset: BigInt(at), timestampMs: 1, idempotencyKey: text }),
  }));
  const paths = await createInterpreter(topology.parts).round(
    "asked",
    entrants.map(({ value, context, lane }) => enter(value, context, lane)),
    around,
  );
  return { calls, turns, paths };
};

/** As a worker does it: halves what fails until the guilty record stands alone, and tries nothing behind it in its lane. */
export const halving = async <R>(call: Call<R>): Promise<readonly Result<R>[]> => {
  const { items } = call;
  try {
    return (await call.run(items)).map((value) => ({ ok: true, value }));
  } catch (error) {
    if (error instanceof Fatal) throw error;
    if (items.length === 1) return [{ ok: false, error }];
    const half = items.length >> 1;
    const kept = createKeptLanes();
    const answering = (part: Call<R>["items"]) => halving({ ...call, items: part });
    const left = await kept.answer(items.slice(0, half), answering);
    return [...listOf(left), ...listOf(await kept.answer(items.slice(half), answering))];
  }
};
/** What a path wrote: topic and text. */
export const written = (path: Path) => emissionsIn(path).map(({ sink, bytes }) => `${sink.name} ${bytes}`);
/** How a path ended, in a line. */
export const endingOf = (path: Path): string => {
  const { ending } = path;
  if (ending.kind === "ended") return ending.by;
  if (isBehind(path)) return `${ending.call}: behind`;
  return `${ending.call}: ${(ending.error as Error).message}; held ${ending.held.join(",") || "nothing"}`;
};
