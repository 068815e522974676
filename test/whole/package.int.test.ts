/** The engine as a package: built, packed, installed with npm only, and an application made with it on the real stack. */
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { promisify } from "node:util";
import { repositoryRoot } from "../../dev/stack/layout.ts";
import packageJson from "../../package.json" with { type: "json" };
import { pageCommands } from "../testing/page-commands.ts";
import { stackAddresses, until } from "../testing/stack-under-test.ts";

const { endpoints, stackName } = stackAddresses();
const folder = await mkdtemp(join(tmpdir(), "sluice-package-"));
/** Where the tutorial has this repository, of which it needs the command alone, and the project that it makes beside it. */
const repositoryFolder = join(folder, "sluice");
const appFolder = join(folder, "ordering");
await mkdir(repositoryFolder);
await symlink(join(repositoryRoot, "bin"), join(repositoryFolder, "bin"));
const tutorial = pageCommands("docs/tutorial.md");
after(() => rm(folder, { recursive: true, force: true }));

/** Without what npm and the test runner set for this process: that is not for the application. */
const env = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_(?!EXTRA)|SLUICE_)/.test(name))),
  SLUICE_BROKERS: endpoints.brokers.join(","),
  SLUICE_REGISTRY_URL: endpoints.registryUrl,
  SLUICE_GROUP_PREFIX: "package-test",
  npm_config_prefer_offline: "true",
  npm_config_audit: "false",
  npm_config_fund: "false",
};

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end; how it ended is for the caller to judge. */
const run = async (cwd: string, command: string, ...args: readonly string[]): Promise<Ran> =>
  promisify(execFile)(command, args, { cwd, env, maxBuffer: 64 * 1_024 * 1_024 }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: { readonly code?: number; readonly stdout: string; readonly stderr: string }) => ({
      code: error.code ?? 1,
      stdout: error.stdout,
      stderr: error.stderr,
    }),
  );

const succeed = async (cwd: string, command: string, ...args: readonly string[]): Promise<string> => {
  const { code, stdout, stderr } = await run(cwd, command, ...args);
  assert.equal(code, 0, `${command} ${args.join(" ")}\n${stdout}\n${stderr}`);
  return stdout;
};

test("package: is what publint and arethetypeswrong expect when it is built", async () => {
  await succeed(repositoryRoot, "npm", "run", "-s", "check:engine");
});

test("package: can be installed, and init writes an application that passes its tests", async () => {
  const pack = tutorial.take("pack").replace("npm run build:engine && ", "").replace(" ..", ` ${folder}`);
  await succeed(repositoryRoot, "sh", "-euc", pack);
  // The release of Node that is here already.
  const begin = tutorial.take("begin").replace("node@24", `node@${packageJson.devDependencies.node}`);
  assert.match(await succeed(repositoryFolder, "sh", "-euc", begin), /pass 3/);
  const files = await Promise.all(
    (await readdir(join(repositoryRoot, "examples/starter"))).map((file) => readFile(join(appFolder, file), "utf8")),
  );
  const lines = files.reduce((sum, text) => sum + text.split("\n").length - 1, 0);
  assert.ok(lines < 200, `${lines} lines`);

  const again = await run(appFolder, "npx", "--no-install", "sluice", "init");
  assert.equal(again.code, 4, again.stderr);
  assert.match(again.stderr, /topology\.ts.* would be overwritten/);

  assert.match(await succeed(appFolder, "npm", "run", "-s", "sluice", "--", "topology", "graph"), /take-items/);
});

test("package: the example of refunds passes its tests when it is installed", async () => {
  const refund = join(folder, "refund");
  await cp(join(repositoryRoot, "examples/refund"), refund, { recursive: true });
  const tarball = (await readdir(folder)).find((file) => file.endsWith(".tgz")) ?? "";
  await succeed(refund, "npm", "install", join(folder, tarball));
  assert.match(await succeed(refund, "npm", "test"), /pass 4/);
  // The build takes all of them, whichever there are: the command line finds them by their files.
  for (const command of ["relay", "doctor", "config", "schema", "dlq", "console"])
    assert.match(await succeed(refund, "npm", "run", "-s", "sluice", "--", command, "--help"), /^Usage: sluice/);
});

/** A block of the tutorial that asks where the stack is, which here is that of the tests. */
const followOnStack = (block: string): Promise<string> => {
  const named = tutorial.take(block).replace("--engine", `--engine --name ${stackName}`);
  return succeed(appFolder, "sh", "-euc", `unset SLUICE_BROKERS SLUICE_REGISTRY_URL; ${named}`);
};

test("package: what sends an order names every setting that is missing, and shows no stack", async () => {
  const { code, stderr } = await run(
    appFolder,
    "sh",
    "-c",
    "unset SLUICE_BROKERS SLUICE_REGISTRY_URL; npm run -s send",
  );
  assert.deepEqual(
    [code, stderr.split("\n").slice(1)],
    [2, ["  - SLUICE_BROKERS: is required", "  - SLUICE_REGISTRY_URL: is required (or SLUICE_REGISTRY_URL_FILE)", ""]],
  );
});

test("package: is applied as a whole, and nothing is left to do, when deployments are not recorded", async () => {
  const sluice = (...args: readonly string[]) => succeed(appFolder, "npm", "run", "-s", "sluice", "--", ...args);
  assert.match(
    await followOnStack("deploy"),
    /^Everything is applied\..* none is recorded\.\nNext: npm run sluice -- topology status$[\s\S]* take-items/m,
  );
  const status = await sluice("topology", "status");
  assert.match(status, /^ordering +not recorded +none/m);
  assert.doesNotMatch(status, /topology apply/);
  assert.match(await sluice("topology", "plan", "--exit-code"), /^Nothing to change\.$/m);
  assert.match(await sluice("topology", "apply"), /^Nothing to change\.$/m);
  assert.match(await sluice("doctor"), /^ok +graphs +deployments are not recorded/m);
});

test("package: its worker takes an order in and gives an answer out", async () => {
  assert.match(tutorial.take("work"), /^npm run sluice -- worker /);
  const worker = spawn(join(appFolder, "node_modules/.bin/node"), ["node_modules/.bin/sluice", "worker"], {
    cwd: appFolder,
    env,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let log = "";
  worker.stderr.on("data", (text) => {
    log += text;
  });
  const ended = once(worker, "exit");
  try {
    await until("the worker is up", () => log.includes('"msg":"up"') || worker.exitCode !== null);
    assert.match(await followOnStack("send"), /^\{"orderId":"order-\d+","accepted":true,"left":999\}$/m);
  } finally {
    worker.kill("SIGTERM");
  }
  assert.deepEqual(await ended, [0, null], log);
  assert.deepEqual(tutorial.left(), [], "blocks that were not run");
});
