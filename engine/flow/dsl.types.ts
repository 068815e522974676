/** What the DSL's types promise: claims about what is inferred, and programs that must not compile. Never run. */
import { record, string } from "../avro/avro.ts";
import { topic } from "../avro/topic.ts";
import { defineTopology, from, type NeedsOf, type Stream, undo } from "./dsl.ts";
import { defineCompensation, defineProcessor } from "./processor.ts";
import { defineStore } from "./store.ts";

// Invariant in both: `any`, `never` and optional or readonly differences are seen.
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Expect<T extends true> = T;
/** An intersection as one object, as `Equal` compares by shape. */
type Flat<T> = { [K in keyof T]: T[K] };
type ValueOf<S> = S extends Stream<infer T, never, infer _> ? Flat<T> : never;

type Text = { readonly text: string };
const Text = record("test.v1.TypedText", { text: string() });
const texts = (name: string) => topic(name, Text, { key: ({ text }: Text) => text, id: ({ text }: Text) => text });
const Other = record("test.v1.TypedOther", { other: string() });
type Other = { readonly other: string };
const others = topic("others", Other, { key: ({ other }: Other) => other, id: ({ other }: Other) => other });
const asked = texts("asked");
const answered = texts("answered");

type Took = { readonly kind: "took" };
type Full = { readonly kind: "full"; readonly why: string };
type Asked = { readonly question: Text };
const take = defineProcessor({
  name: "take",
  compensatable: ["took"],
  run: async (_asked: Asked, _needs: { readonly a: 1 }): Promise<Took | Full> => ({ kind: "took" }),
});
const note = defineProcessor({
  name: "note",
  compensatable: [],
  run: async (_text: Text): Promise<{ readonly kind: "noted" }> => ({ kind: "noted" }),
});
const giveBack = defineCompensation({
  name: "give-back",
  run: async (_took: Took & Asked, _needs: { readonly b: 2 }): Promise<void> => {},
});
const store = defineStore({
  name: "store",
  write: async (_text: Text, _needs: { readonly c: 3 }): Promise<void> => {},
});
const toText = ({ text }: Text): Text => ({ text });
const toTexts = (text: Text): readonly Text[] => [text];
const toOther = ({ text }: Text): Other => ({ other: text });
const eitherText = (value: Text | Other): Text => ({ text: "text" in value ? value.text : value.other });
const toQuestion = ({ question }: Asked): Text => question;
declare const stream: Stream<Text, unknown>;

const kept = stream.keep("question");
const taken = kept.step(take, { took: undo(giveBack) }, { as: "take-one", attempts: 2, timeoutMs: 100 });
const onTook = taken.continueOn("took", { full: (full) => full.to(answered, toQuestion) });
const mapped = stream.map(toOther);
const whole = defineTopology(
  "whole",
  from([asked, answered], (path) =>
    path
      .also(store, toText)
      .keep("question")
      .step(take, { took: undo(giveBack) })
      .branch({
        took: (took) => took.fail(others, ({ question }) => toOther(question)),
        full: (full) => full.drop("full"),
      }),
  ),
);
const many = stream.toMany(answered, toTexts);
const either = from([asked, others], (path) => path.map(eitherText).to(answered, toText));

const caught = stream.step(note, { catchPoison: true });
const onNoted = caught.continueOn("noted", { poison: (poison) => poison.to(answered, ({ input }) => input) });
const notCaught = stream.step(note, { catchPoison: false });

/** Checked by being compiled. */
export type Claims = [
  // A step that catches poison has one outcome more, which carries what the step was given.
  Expect<Equal<ValueOf<typeof onNoted>, { readonly kind: "noted" }>>,
  Expect<Equal<ValueOf<typeof notCaught>, { readonly kind: "noted" }>>,
  Expect<Equal<ValueOf<typeof kept>, Asked>>,
  // What is kept is part of the outcome that goes on.
  Expect<Equal<ValueOf<typeof onTook>, { readonly kind: "took"; readonly question: Text }>>,
  Expect<Equal<ValueOf<typeof mapped>, Other>>,
  // What `also` writes to is needed, as are a step and its undo.
  Expect<Equal<Flat<NeedsOf<typeof whole>>, { readonly a: 1; readonly b: 2; readonly c: 3 }>>,
];

// @ts-expect-error The step needs what was not kept.
stream.step(take, { took: undo(giveBack) });
// @ts-expect-error An outcome has its kind.
stream.keep("kind");
// @ts-expect-error The record is not the topic's.
stream.also(answered, toOther);
// @ts-expect-error One record is no list.
stream.toMany(answered, toText);
// @ts-expect-error One of the sources has another value.
from([asked, others], (path) => path.to(answered, toText));
// @ts-expect-error A list is no record.
stream.to(answered, toTexts);
// @ts-expect-error The step takes a text, the path carries another value.
mapped.step(note);
// @ts-expect-error What `took` leaves behind has no undo, whatever the step is called.
kept.step(take, { as: "take-one" });
// @ts-expect-error Poison that is caught has an arm.
caught.branch({ noted: (noted) => noted.drop("noted") });
// @ts-expect-error Poison is handled before the path goes on.
caught.map(toText);
// @ts-expect-error No such option.
stream.step(note, { retries: 2 });
// @ts-expect-error A record of an undo needs its projection.
undo(giveBack, answered);
/** Used, so that being unused is no second reason to refuse the lines above. */
export const used = [many, either];
