// The command line, as a shell sees it: output, error output and exit code.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

function sluice(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(import.meta.dirname, "../../bin/sluice.js"), ...args],
    {
      encoding: "utf8",
      env: { PATH: "/usr/bin:/bin", NO_COLOR: "1" },
    },
  );
  return { status, stdout, stderr };
}

test("sluice: shows its commands on stdout when asked for help", () => {
  const { status, stdout, stderr } = sluice("--help");
  assert.equal(status, 0);
  assert.match(stdout, /^ {2}stack /m);
  assert.equal(stderr, "");
});

test("sluice: says its release when asked for its version", () => {
  const { status, stdout } = sluice("--version");
  assert.equal(status, 0);
  assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
});

test("sluice: shows the options of a verb when asked for its help", () => {
  const { status, stdout } = sluice("stack", "up", "--help");
  assert.equal(status, 0);
  assert.match(stdout, /--brokers/);
  assert.match(stdout, /--verbose/);
});

for (const [mistake, args] of Object.entries({
  "no command": [],
  "an unknown command": ["nonsense"],
  "a noun without its verb": ["stack"],
  "an unknown verb": ["stack", "explode"],
  "an unknown option": ["stack", "status", "--nonsense"],
  "a number of brokers that can't be": ["stack", "up", "--brokers", "2"],
  "a name that can't be a folder": ["stack", "status", "--name", "../x"],
  "an argument too many": ["stack", "status", "x"],
  "a topic that can't be": ["dlq", "list", "--topic", "bad topic!"],
  "a rate that is none": ["dlq", "plan", "--topology", "coupon-issuing", "--rate", "0"],
})) {
  test(`sluice: exits with 2 and shows the usage on stderr when given ${mistake}`, () => {
    const { status, stdout, stderr } = sluice(...args);
    assert.equal(status, 2);
    assert.equal(stdout, "");
    assert.match(stderr, /Usage: sluice/);
  });
}

test("sluice: says what is wrong in the first of three lines, with where help is, when an option is misused", () => {
  const { stderr } = sluice("dlq", "export", "--topic", "bad topic!");
  assert.match(
    stderr,
    /^error: .*'bad topic!' is invalid\. Expected a topic's name: 1 to 249 .*\nUsage: sluice dlq export .*\nNext: sluice dlq export --help\n$/,
  );
});

test("sluice: exits with 2 and says what was expected when an attempt is asked for that there cannot be", () => {
  const { status, stderr } = sluice("dlq", "list", "--attempt", "<0");
  assert.equal(status, 2);
  assert.match(stderr, /^error: --attempt "<0": expected a number from 1/);
});

for (const verb of ["status", "pause", "cancel"])
  test(`sluice: takes the topology of a job when asked to ${verb} it`, () => {
    assert.match(sluice("dlq", verb, "--help").stdout, /--topology <name>/);
    const { status, stderr } = sluice("dlq", verb, "1", "--topology", "none");
    assert.equal(status, 2);
    assert.match(stderr, /coupon-issuing/);
  });

test("sluice: says what failed in one line, what to do, and where more is said, without a stack", () => {
  const { status, stdout, stderr } = sluice("stack", "env", "--name", "never-started");
  assert.equal(status, 1);
  assert.equal(stdout, "");
  assert.equal(
    stderr,
    "error: stack never-started is not up\nStart it: npm run sluice -- stack up --name never-started\nAbout STACK_NOT_UP: docs/reference/codes.md#stack_not_up\n",
  );
});

test("sluice: shows the stack when asked to be verbose, wherever that is said", () => {
  assert.match(sluice("stack", "env", "--name", "never-started", "--verbose").stderr, /\n {4}at /);
  assert.match(sluice("--verbose", "stack", "env", "--name", "never-started").stderr, /\n {4}at /);
});

test("sluice: prints one document with --json, when it fails and when it is misused too", () => {
  const failed = JSON.parse(sluice("stack", "env", "--name", "never-started", "--json").stdout);
  assert.equal(failed.errors[0].code, "STACK_NOT_UP");
  const misused = sluice("stack", "up", "--json", "--brokers", "2");
  assert.equal(misused.status, 2);
  assert.equal(JSON.parse(misused.stdout).errors[0].code, "USAGE");
});

test("sluice: exits with 1 when a stack that never was is asked for its status", () => {
  const { status, stdout, stderr } = sluice("stack", "status", "--name", "never-started");
  assert.equal(status, 1);
  assert.equal(stdout, "");
  assert.match(stderr, /^Stack never-started is not running\.$/m);
});

test("sluice: takes a stack down that never was", () => {
  const { status, stderr } = sluice("stack", "down", "--name", "never-started");
  assert.equal(status, 0);
  assert.match(stderr, /nothing of it was running/);
});

const root = join(import.meta.dirname, "../..");

test("sluice: says in one sentence which node it needs when it is run by one that knows no TypeScript", () => {
  const args = ["--no-experimental-strip-types", join(root, "bin/sluice.js"), "--help"];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  assert.deepEqual([status, stdout], [1, ""]);
  assert.match(stderr, /^error: sluice needs Node 22\.18 or newer.*\n$/);
});

/** The first node of the machine's own that knows no TypeScript; undefined where it has none. */
const oldNode = ["/usr/bin/node", "/usr/local/bin/node"].find((path) => {
  const asked = spawnSync(path, ["-p", "Boolean(process.features.typescript)"], { encoding: "utf8" });
  return asked.stdout?.trim() === "false";
});

test("sluice: says in one sentence which node it needs, and what to do, when the machine's own is older", {
  skip: oldNode === undefined,
}, () => {
  for (const args of [["--help"], ["api"], ["topology", "plan", "--json"], []]) {
    const { status, stdout, stderr } = spawnSync(oldNode ?? "", [join(root, "bin/sluice.js"), ...args], {
      encoding: "utf8",
    });
    assert.deepEqual([status, stdout], [1, ""]);
    assert.match(stderr, /^error: sluice needs Node 22\.18 or newer .* is v\d+\.\S+: run it with such a node.*\n$/);
  }
});

test("sluice: is one process with the project's own node when it is run as a program, through links, too", () => {
  const folder = mkdtempSync(join(tmpdir(), "bin-"));
  symlinkSync(join(root, "bin/sluice"), join(folder, "sluice"));
  for (const program of [join(root, "bin/sluice"), join(folder, "sluice")]) {
    const { status, stdout, stderr } = spawnSync(program, ["--help"], { encoding: "utf8", cwd: folder });
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^ {2}stack /m);
  }
  rmSync(folder, { recursive: true });
});
