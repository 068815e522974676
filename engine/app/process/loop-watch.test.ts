/** A process whose event loop is blocked, and ones whose loop is not. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { test } from "node:test";

/** Runs a script beside the watch in a process of its own. */
const run = async (script: string, limitMs = 5_000) => {
  const module = new URL("loop-watch.ts", import.meta.url).href;
  const source = `import { watchLoop } from ${JSON.stringify(module)}; watchLoop({ name: "test", limitMs: ${limitMs} }); ${script}`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", source], { stdio: ["ignore", "pipe", "pipe"] });
  const [stdout, stderr, [code, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "exit"),
  ]);
  return { stdout, stderr, code, signal };
};

test("loop watch: kills the process and says why when its loop never comes back", { timeout: 60_000 }, async () => {
  const { stderr, signal } = await run(`process.on("SIGTERM", () => {}); setTimeout(() => { for (;;); }, 100);`, 1_000);
  assert.equal(signal, "SIGKILL");
  const line = JSON.parse(stderr.trim().split("\n").at(-1) ?? "");
  assert.equal(line.event, "process.blocked");
  assert.deepEqual([line.name, line.level, typeof line.pid], ["test", 60, "number"]);
  assert.ok(line.blockedMs >= 1_000);
});

test("loop watch: lets a process live whose loop turns for longer than the limit, and keeps it from no end", {
  timeout: 60_000,
}, async () => {
  const { stdout, code, stderr } = await run(`setTimeout(() => console.log("done"), 6_000);`);
  assert.deepEqual([stdout, code], ["done\n", 0], stderr);
});

test("loop watch: lets a process live whose loop is busy and comes back now and then", {
  timeout: 60_000,
}, async () => {
  const busy = `let n = 0; const turn = () => { const until = performance.now() + 300; while (performance.now() < until); if (++n < 20) setTimeout(turn, 1); else console.log("done"); }; turn();`;
  const { stdout, code, stderr } = await run(busy);
  assert.deepEqual([stdout, code], ["done\n", 0], stderr);
});
