/** Modules as a browser loads them. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { collectModules } from "./modules.ts";

const folder = await mkdtemp(join(tmpdir(), "console-modules-"));
after(() => rm(folder, { recursive: true, force: true }));
const write = async (name: string, text: string): Promise<URL> => {
  await writeFile(join(folder, name), text);
  return pathToFileURL(join(folder, name));
};

test("collectModules: follows imports, and gives each the address of what it leads to, when a module has some", async () => {
  const leaf = await write("leaf.ts", "export const leaf: number = 1;\n");
  await write("types.ts", "export interface Gone { readonly a: string }\n");
  const entry = await write(
    "entry.ts",
    'import type { Gone } from "./types.ts";\nimport {leaf}from"./leaf.ts";\nexport const x: Gone = { a: String(leaf) };\n',
  );
  const assets = await collectModules([entry]);
  assert.deepEqual([...assets.keys()].toSorted(), [entry.href, leaf.href].toSorted());
  const [main, inner] = [assets.get(entry.href), assets.get(leaf.href)];
  assert.match(inner?.path ?? "", /^\/assets\/[0-9a-f]{12}\/leaf\.js$/);
  assert.ok(main?.body.includes(`from"${inner?.path}"`), main?.body);
  assert.doesNotMatch(main?.body ?? "", /Gone|: string/);
});

test("collectModules: names what cannot be, when modules go in a circle or lead nowhere", async () => {
  await write("a.ts", 'import { b } from "./b.ts";\nexport const a = b;\n');
  const b = await write("b.ts", 'import { a } from "./a.ts";\nexport const b = a;\n');
  await assert.rejects(collectModules([b]), /in a circle/);
  const lost = await write("lost.ts", 'import { a } from "./none.ts";\nexport const b = a;\n');
  await assert.rejects(collectModules([lost]), /none\.ts/);
});
