/** Our processes when they cannot start: they end, with a reason and an exit code, and can be stopped meanwhile. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { repositoryRoot } from "../../dev/stack/layout.ts";

const addressesAt = (port: number) => {
  const nothing = `127.0.0.1:${port}`;
  return {
    SLUICE_BROKERS: nothing,
    SLUICE_REGISTRY_URL: `http://${nothing}`,
    SLUICE_DATABASE_URL: `mysql://application:application@${nothing}/hhplus`,
    SLUICE_REDIS_URL: `redis://${nothing}`,
  };
};

/** Runs one of our processes against addresses where nothing answers as it should. */
const run = (command: string, port: number, ...options: readonly string[]) => {
  const child = spawn(process.execPath, [join(repositoryRoot, "bin", "sluice.js"), command, ...options], {
    env: {
      PATH: process.env["PATH"],
      ...addressesAt(port),
      SLUICE_API_PORT: "0",
    },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (text) => {
    said += text;
  });
  return { child, said: () => said };
};

test("api: ends with exit code 1 and says why when what it needs is away", { timeout: 120_000 }, async () => {
  const { child, said } = run("api", 1);
  const [code] = await once(child, "exit");
  assert.equal(code, 1, said());
  assert.match(said(), /unavailable|could not start/);
});

test("worker: waits for the database that says what is deployed, and ends when it is stopped", {
  timeout: 60_000,
}, async () => {
  const { child, said } = run("worker", 1);
  await new Promise<void>((resolve) => child.stderr.on("data", () => said().includes("start.waiting") && resolve()));
  child.kill("SIGTERM");
  const [code] = await once(child, "exit");
  assert.equal(code, 0, said());
});

test("worker: ends on SIGTERM while it waits for brokers that never answer", { timeout: 60_000 }, async () => {
  const silent = createServer(() => {});
  silent.listen(0, "127.0.0.1");
  await once(silent, "listening");
  const address = silent.address();
  assert.ok(address !== null && typeof address === "object");
  const { child, said } = run("worker", address.port);
  await new Promise<void>((resolve) => child.stderr.on("data", () => said().includes("starting") && resolve()));
  child.kill("SIGTERM");
  const [code] = await once(child, "exit");
  silent.close();
  assert.equal(code, 0, said());
});

const shells = ["/bin/dash", "/bin/bash"].filter((path) => existsSync(path));
const signals = ["SIGTERM", "SIGKILL"] as const;
for (const [shell, signal] of shells.flatMap((path) => signals.map((one) => [path, one] as const))) {
  test(`worker: ends when npm, which started it by ${shell}, gets ${signal} alone`, { timeout: 60_000 }, async () => {
    const npm = spawn("npm", ["run", "--silent", `--script-shell=${shell}`, "sluice", "--", "worker"], {
      cwd: repositoryRoot,
      env: { PATH: process.env["PATH"], HOME: process.env["HOME"], ...addressesAt(1) },
      stdio: ["ignore", "ignore", "pipe"],
    });
    const lines = createInterface({ input: npm.stderr });
    const waiting = Promise.withResolvers<void>();
    let told = false;
    lines.on("line", (line) => {
      if (line.includes('"start.waiting"')) waiting.resolve();
      told ||= /"process\.(orphaned|signalled)"/.test(line);
    });
    await waiting.promise;
    npm.kill(signal);
    // The last of all that npm started closes what they log to. Not asked by its id: where nobody reaps it, that remains.
    await once(lines, "close");
    assert.ok(told);
  });
}

for (const signal of signals) {
  test(`worker: ends all of several processes when the one that started them gets ${signal}`, {
    timeout: 60_000,
  }, async () => {
    const { child } = run("worker", 1, "--processes", "2");
    const lines = createInterface({ input: child.stderr });
    const waiting = Promise.withResolvers<void>();
    let started = 0;
    lines.on("line", (line) => {
      if (line.includes('"start.waiting"') && ++started === 2) waiting.resolve();
    });
    await waiting.promise;
    const ended = once(child, "exit");
    child.kill(signal);
    // The last of them closes what they log to.
    await once(lines, "close");
    const [code] = await ended;
    assert.equal(code, signal === "SIGTERM" ? 0 : null);
  });
}
