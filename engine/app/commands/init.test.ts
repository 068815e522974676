/** What `sluice init` writes, and what it leaves alone. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { CliError, exitCodes } from "../cli.ts";
import { init } from "./init.ts";

const folder = await mkdtemp(join(tmpdir(), "sluice-init-"));
after(() => rm(folder, { recursive: true, force: true }));
const places = async (name: string) => {
  const root = await mkdtemp(join(folder, name));
  const [template, target] = [await mkdtemp(join(root, "template")), await mkdtemp(join(root, "target"))];
  await writeFile(join(template, "topology.ts"), "template");
  return { template, target };
};
const manifestOf = async (target: string): Promise<unknown> =>
  JSON.parse(await readFile(join(target, "package.json"), "utf8"));

test("init: writes the template and a package.json when the folder is empty", async () => {
  const { template, target } = await places("empty");
  assert.deepEqual(await init(target, template), ["topology.ts", "package.json"]);
  assert.equal(await readFile(join(target, "topology.ts"), "utf8"), "template");
  assert.match(JSON.stringify(await manifestOf(target)), /"type":"module".*"sluice":"sluice"/);
});

test("init: keeps what package.json has when npm wrote one", async () => {
  const { template, target } = await places("npm");
  const scripts = { test: 'echo "Error: no test specified" && exit 1', other: "x" };
  const dependencies = { "sluice-engine": "1", node: "24" };
  await writeFile(join(target, "package.json"), JSON.stringify({ dependencies, scripts }));
  await init(target, template);
  const written = JSON.stringify(await manifestOf(target));
  assert.match(written, /"dependencies":{"sluice-engine":"1","node":"24"}/);
  assert.match(written, /"devDependencies":{"@types\/node":"[^"]+","typescript":"[^"]+"}/);
  assert.match(written, /"other":"x"/);
  assert.match(written, /"test":"tsc && node --test"/);
});

test("init: changes nothing and names all that is in the way when something would be overwritten", async () => {
  const { template, target } = await places("full");
  const manifest = JSON.stringify({ scripts: { test: "jest" } });
  await writeFile(join(target, "package.json"), manifest);
  await writeFile(join(template, "zebra.ts"), "template");
  await writeFile(join(target, "zebra.ts"), "mine");
  await assert.rejects(init(target, template), (error) => {
    assert.ok(error instanceof CliError);
    assert.equal(error.exitCode, exitCodes.refused);
    assert.match(error.message, /zebra\.ts, package\.json scripts\.test/);
    return true;
  });
  assert.deepEqual(await readdir(target), ["package.json", "zebra.ts"]);
  assert.equal(await readFile(join(target, "package.json"), "utf8"), manifest);
});

test("init: changes nothing when npm would take the package of a folder above", async () => {
  const { template, target } = await places("inside");
  await writeFile(join(target, "package.json"), "{}");
  const inside = join(target, "inside");
  await mkdir(inside);
  await assert.rejects(init(inside, template), (error) => {
    assert.ok(error instanceof CliError);
    assert.deepEqual([error.exitCode, error.code], [exitCodes.refused, "OTHER_PACKAGE"]);
    assert.ok(error.message.endsWith(target), error.message);
    return true;
  });
  assert.deepEqual(await readdir(inside), []);
});
