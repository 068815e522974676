/** Lines for a sink that takes them, that takes none, and that takes them again; and processes whose standard error is no good. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { test } from "node:test";
import { createLogOutput, maxWaitingBytes } from "./log-output.ts";

/** A sink whose writes are settled by the test. */
const setUp = () => {
  const writes: { readonly text: string; readonly done: (error: NodeJS.ErrnoException | null, n: number) => void }[] =
    [];
  const lost: number[] = [];
  const output = createLogOutput({
    write: (bytes, done) => void writes.push({ text: bytes.toString(), done }),
    lost: (lines) => {
      lost.push(lines);
      output.write(`${lines} lost\n`);
    },
  });
  /** Settles the write that is under way, and answers what it was. */
  const settle = (error?: string, written?: number): string => {
    const one = writes.shift();
    assert.ok(one);
    one.done(error === undefined ? null : Object.assign(new Error(error), { code: error }), written ?? one.text.length);
    return one.text;
  };
  return { output, settle, lost, underWay: () => writes.length };
};

test("log output: writes lines in order, one write at a time, and the rest of one that was written in part", () => {
  const { output, settle, underWay } = setUp();
  for (const line of ["a\n", "b\n", "c\n"]) output.write(line);
  assert.equal(underWay(), 1);
  assert.equal(settle(), "a\n");
  assert.equal(settle(undefined, 1), "b\nc\n");
  assert.equal(settle(), "\nc\n");
  assert.equal(underWay(), 0);
});

test("log output: loses what the disk has no room for, and says how much when it takes lines again", () => {
  const { output, settle, lost } = setUp();
  for (const line of ["a\n", "b\n", "c\n"]) output.write(line);
  settle("ENOSPC");
  settle("ENOSPC");
  assert.deepEqual(lost, []);
  output.write("d\n");
  assert.equal(settle(), "d\n");
  assert.deepEqual(lost, [3]);
  assert.equal(settle(), "3 lost\n");
});

test("log output: keeps no more than its bound when nobody reads", () => {
  const { output, settle, lost } = setUp();
  const line = `${"x".repeat(1_023)}\n`;
  for (let n = 0; n < maxWaitingBytes / line.length + 11; n++) output.write(line);
  assert.equal(settle(), line);
  assert.deepEqual(lost, [10]);
  assert.equal(settle().length, maxWaitingBytes);
  assert.equal(settle(), "10 lost\n");
});

test("log output: tries a pipe that is full again", { timeout: 10_000 }, async () => {
  const { output, settle, underWay } = setUp();
  output.write("a\n");
  settle("EAGAIN", 0);
  while (underWay() === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(settle(), "a\n");
  await output.flush(60_000);
});

test("log output: is flushed when its lines are written, and after its time when nobody takes them", {
  timeout: 10_000,
}, async () => {
  const { output, settle } = setUp();
  await output.flush(60_000);
  output.write("a\n");
  const flushed = output.flush(60_000);
  settle();
  await flushed;
  output.write("b\n");
  await output.flush(1);
});

/** A process that logs a megabyte, ends at SIGTERM as a process of ours does, and says when it has begun. */
const loggingProcess = (stderr: "pipe" | number): ChildProcess => {
  const module = new URL("log-output.ts", import.meta.url).href;
  const source = `import { openLog } from ${JSON.stringify(module)};
    const { logger, flush } = openLog({ name: "test", level: "info" });
    process.on("SIGTERM", async () => { await flush(100); process.exit(7); });
    for (let n = 0; n < 1_000; n++) logger.info({ event: "test.line" }, "x".repeat(1_000));
    setTimeout(() => console.log("turns"), 50);
    setInterval(() => {}, 1_000);`;
  return spawn(process.execPath, ["--input-type=module", "-e", source], { stdio: ["ignore", "pipe", stderr] });
};

const endsInTime = async (child: ChildProcess): Promise<void> => {
  assert.ok(child.stdout);
  await once(child.stdout, "data");
  child.kill("SIGTERM");
  assert.deepEqual(await once(child, "exit"), [7, null]);
};

test("log output: lets its process go on and end when nobody reads its standard error", {
  timeout: 60_000,
}, async () => {
  const child = loggingProcess("pipe");
  child.stderr?.pause();
  await endsInTime(child);
});

test("log output: lets its process go on and end when the disk of its standard error is full", {
  timeout: 60_000,
  skip: process.platform !== "linux" && "there is no /dev/full",
}, async () => {
  const full = openSync("/dev/full", "w");
  await endsInTime(loggingProcess(full));
  closeSync(full);
});
