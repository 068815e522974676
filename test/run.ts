/**
 * Runs the tests: `--unit` those that need nothing, but for the hunts of the simulator's mutants, which take as long as all
 * others; otherwise all of them, on a real stack of their own, which is started before and ended after. Paths as arguments
 * run only those files. The last line is `N passed, N failed`.
 */
import { glob } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { parseArgs } from "node:util";
import { stackDown } from "../dev/stack/down.ts";
import { endpointsEnv } from "../dev/stack/endpoints.ts";
import { stackUp } from "../dev/stack/up.ts";

const folders = "{engine,schemas,processors,sinks,topology,stores,api,ops,dev,test}";
const stackName = "test";

/**
 * Compiled sources, for the processes and threads that load the same modules again: this halves the CPU time of a run.
 * Node compares each entry with the source, so it is never stale.
 */
const compileCache = join(import.meta.dirname, "..", "node_modules", ".cache", "compiled");

const filesOf = async (pattern: string): Promise<readonly string[]> => {
  const files: string[] = [];
  for await (const file of glob(`${folders}/**/${pattern}`)) files.push(file);
  return files.sort(longestFirst);
};

/** The simulator first, then what else crosses the folders: were they last, one core would wait for the other. */
const longestFirst = (one: string, other: string): number => rank(one) - rank(other) || (one < other ? -1 : 1);
const rank = (file: string): number => ["test/sim/", "test/"].findIndex((folder) => file.startsWith(folder)) >>> 0;

/** Runs files, `concurrency` of them at a time; answers how many tests passed and failed. */
const runFiles = async (
  files: readonly string[],
  concurrency = availableParallelism(),
): Promise<{ readonly passed: number; readonly failed: number }> => {
  let passed = 0;
  let failed = 0;
  if (files.length === 0) return { passed, failed };
  const events = run({ files: [...files], concurrency, timeout: 300_000 });
  events.on("test:pass", ({ details, skip }) => {
    if (details.type !== "suite" && skip === undefined) passed++;
  });
  events.on("test:fail", ({ details }) => {
    if (details.type !== "suite") failed++;
  });
  for await (const text of events.compose(spec)) process.stdout.write(text);
  return { passed, failed };
};

const main = async (): Promise<number> => {
  process.env["NODE_COMPILE_CACHE"] ??= compileCache;
  const { values, positionals } = parseArgs({ options: { unit: { type: "boolean" } }, allowPositionals: true });
  const all = positionals.length > 0 ? positionals : await filesOf("*.test.ts");
  const needsStack = all.filter((file) => file.endsWith(".int.test.ts"));
  const isLeftOut = (file: string): boolean => values.unit === true && file.endsWith("/mutants.test.ts");
  const unit = all.filter((file) => !file.endsWith(".int.test.ts") && !isLeftOut(file));
  // One more than there are cores: many of them wait, for a timer or a child process.
  let { passed, failed } = await runFiles(unit, availableParallelism() + 1);
  if (!values.unit && needsStack.length > 0) {
    // Tests that take a service away from all others come last, one by one, when no others run.
    const [disruptive, together] = [needsStack.filter(isDisruptive), needsStack.filter((file) => !isDisruptive(file))];
    for (const real of await onStack(async () => [await runFiles(together), await runFiles(disruptive, 1)])) {
      passed += real.passed;
      failed += real.failed;
    }
  }
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  return failed === 0 && passed > 0 ? 0 : 1;
};

const isDisruptive = (file: string): boolean => file.endsWith("-crash.int.test.ts");

/** Starts a stack of one broker, points the tests at it, and ends it whatever happens. */
const onStack = async <T>(work: () => Promise<T>): Promise<T> => {
  await stackDown({ name: stackName });
  const interrupted = new AbortController();
  process.once("SIGINT", () => interrupted.abort());
  try {
    const endpoints = await stackUp({ name: stackName, brokers: 1, signal: interrupted.signal });
    Object.assign(process.env, endpointsEnv(endpoints), {
      SLUICE_TEST_STACK: stackName,
      SLUICE_TEST_BROKER_KILL: `${process.execPath} test/broker.ts kill`,
      SLUICE_TEST_BROKER_START: `${process.execPath} test/broker.ts start`,
    });
    return await work();
  } finally {
    await stackDown({ name: stackName });
  }
};

process.exitCode = await main();
