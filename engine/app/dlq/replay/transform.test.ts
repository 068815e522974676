/** Letters with other values: the writer's in, the present schema's out, key and id as they were. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { int, record, string } from "../../../avro/avro.ts";
import { createCodec } from "../../../avro/codec.ts";
import { topic } from "../../../avro/topic.ts";
import { aLetter, aRecord } from "../../../dlq/testing/samples.ts";
import type { AnyTopic } from "../../../flow/parts.ts";
import { CliError } from "../../cli.ts";
import { functionOf, type TransformFunction, transformWith } from "./transform.ts";

const Before = record("test.v1.Ask", { id: string(), shop: string(), price: string() });
const Now = record("test.v1.Ask", { id: string(), shop: string(), price: int() });
const of = { key: "shop", id: ({ id }: { readonly id: string }) => id } as const;
const [before, now] = [topic("in", Before, of), topic("in", Now, of)];
const schemas = [Before.avro, Now.avro];
const source = { schemaOf: async (id: number) => schemas[id - 1], idOf: async () => 2 };
const codec = createCodec({ source: { ...source, idOf: async () => 1 }, now: () => 0 });
const value = (await codec.encoder(before))({ id: "a", shop: "s", price: "12" });
// The topology's parts are erased in this way.
const sources = [now as unknown as AnyTopic];
const letter = aLetter(1);
const tried = (run: TransformFunction, key: Buffer | null = Buffer.from("s"), bytes: Buffer | null = value) =>
  transformWith(run, source, sources)(letter, aRecord({ key, value: bytes }));
const fix: TransformFunction = (ask) => ({ ...(ask as object), price: Number((ask as { price: string }).price) });

test("transformWith: gets the value as it was written, and writes it with the present schema", async () => {
  const told: unknown[] = [];
  const bytes = await tried((ask, about) => {
    told.push(ask, about);
    return fix(ask, about);
  });
  assert.deepEqual(told, [
    { id: "a", shop: "s", price: "12" },
    { id: "in/1/1", attempt: 1, key: "k", node: "check", code: "WRONG" },
  ]);
  const decoder = createCodec({ source, now: () => 0 }).decoder(now);
  await decoder.learn(2);
  assert.deepEqual(decoder.decode(bytes), { kind: "value", value: { id: "a", shop: "s", price: 12 } });
});

const wrong: readonly [what: string, RegExp, () => Promise<Buffer>][] = [
  ["it changes the id", /id has to stay/, () => tried((ask, l) => ({ ...(fix(ask, l) as object), id: "b" }))],
  ["it changes the key", /key has to stay/, () => tried((ask, l) => ({ ...(fix(ask, l) as object), shop: "t" }))],
  ["its answer does not fit the schema", /does not fit/, () => tried((ask) => ask)],
  ["it answers nothing", /does not fit/, () => tried(() => undefined)],
  [
    "it throws",
    /mine/,
    () =>
      tried(() => {
        throw new RangeError("mine");
      }),
  ],
  ["the letter has no value", /no schema id/, () => tried(fix, null, null)],
  ["its bytes are of no schema", /no schema id/, () => tried(fix, null, Buffer.from("xxxxxx"))],
  ["nobody knows its schema", /no schema 9/, () => tried(fix, null, Buffer.from([0, 0, 0, 0, 9, 1]))],
];
for (const [what, why, attempt] of wrong)
  test(`transformWith: refuses when ${what}`, () => assert.rejects(attempt(), why));

test("functionOf: loads a function of a file, and says what is wrong about one that has none", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sluice-transform-"));
  try {
    const file = join(folder, "fix.ts");
    await writeFile(file, "export const fix = (value: unknown): unknown => value; export const other = 5;\n");
    assert.equal((await functionOf(`${file}#fix`))("v", { id: "", attempt: 1, key: null, node: "", code: "" }), "v");
    for (const text of [file, `${file}#`, `${file}#other`, `${file}#none`, `${folder}/none.ts#fix`])
      await assert.rejects(functionOf(text), (error) => error instanceof CliError && error.code === "BAD_TRANSFORM");
  } finally {
    await rm(folder, { recursive: true });
  }
});
