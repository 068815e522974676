/** Several processes of one command: their environments, what is started again, and how they end together. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { silentLogger } from "../../logger.ts";
import { environmentOf, runSideBySide } from "./side-by-side.ts";

const clock = { now: () => 0, sleep: async () => void (await sleep(1)) };

/** Runs a script in several processes, each of which may write lines to one file. */
const stage = (t: { readonly after: (end: () => Promise<void>) => void }, script: string, count = 2) => {
  const folder = mkdtempSync(join(tmpdir(), "beside-"));
  const file = join(folder, "lines");
  const stopping = Promise.withResolvers<void>();
  const helpers = `
    const { appendFileSync, readFileSync } = require("fs"), file = ${JSON.stringify(file)};
    const tell = (line) => appendFileSync(file, line + "\\n");
    const told = () => readFileSync(file, "utf8").trim().split("\\n").length;
  `;
  const ended = runSideBySide({
    ...{ count, clock, logger: silentLogger, stopping: stopping.promise },
    command: ["-e", helpers + script],
    environment: { SLUICE_HEALTH_PORT: "9100", SLUICE_GROUP_INSTANCE_ID: "w" },
  });
  // Also of a test that failed: processes that are started again and again would keep its file from ever ending.
  t.after(async () => {
    stopping.resolve();
    await ended;
    rmSync(folder, { recursive: true });
  });
  const lines = (): readonly string[] => {
    try {
      return readFileSync(file, "utf8").trim().split("\n");
    } catch {
      return [];
    }
  };
  return { ended, stop: stopping.resolve, lines };
};

const until = async (what: string, holds: () => boolean): Promise<void> => {
  for (let left = 1_000; !holds(); left--) {
    assert.ok(left > 0, `waited in vain until ${what}`);
    await sleep(20);
  }
};

const waits = 'process.on("SIGTERM", () => process.exit(0)); setInterval(() => {}, 1000);';

test("side by side: gives each a port and a membership of its own when those are fixed", () => {
  const environment = { SLUICE_HEALTH_PORT: "9100", SLUICE_GROUP_INSTANCE_ID: "w", OTHER: "x" };
  const third = environmentOf(environment, 2);
  assert.deepEqual(
    [third["SLUICE_HEALTH_PORT"], third["SLUICE_GROUP_INSTANCE_ID"], third["OTHER"]],
    ["9102", "w-3", "x"],
  );
  assert.equal(environmentOf({}, 1)["SLUICE_HEALTH_PORT"], "0");
  assert.equal(environmentOf({}, 1)["SLUICE_GROUP_INSTANCE_ID"], undefined);
});

test("side by side: runs as many as are asked for, and ends them with 0 when all are to stop", async (t) => {
  const { ended, stop, lines } = stage(t, `tell(process.env.SLUICE_HEALTH_PORT); ${waits}`, 3);
  await until("three are up", () => lines().length === 3);
  assert.deepEqual(lines().toSorted(), ["9100", "9101", "9102"]);
  stop();
  assert.equal(await ended, 0);
});

test("side by side: starts one again when it failed, and leaves the others alone", async (t) => {
  const failing = 'if (process.env.SLUICE_GROUP_INSTANCE_ID === "w-1") process.exit(1);';
  const { ended, stop, lines } = stage(t, `tell(process.env.SLUICE_GROUP_INSTANCE_ID); ${failing} ${waits}`);
  const starts = (name: string): number => lines().filter((line) => line === name).length;
  await until(
    "the first has started three times, and the second at all",
    () => starts("w-1") >= 3 && starts("w-2") > 0,
  );
  assert.equal(starts("w-2"), 1);
  stop();
  await ended;
});

test("side by side: ends all with the code of the one when that was refused", async (t) => {
  // Refused once both are up.
  const isSecond = 'process.env.SLUICE_GROUP_INSTANCE_ID === "w-2"';
  const refused = `if (${isSecond}) setInterval(() => told() === 2 && process.exit(4), 10);`;
  const { ended, lines } = stage(t, `tell("up"); ${refused} ${waits}`);
  assert.equal(await ended, 4);
  assert.equal(lines().length, 2);
});

test("side by side: ends all with the code of the one when that was refused while another could not answer a signal yet", async (t) => {
  // Without a handler: SIGTERM ends it as it ends one that is still being loaded.
  const refused = 'if (process.env.SLUICE_GROUP_INSTANCE_ID === "w-2") process.exit(4);';
  const { ended } = stage(t, `${refused} setInterval(() => {}, 1000);`);
  assert.equal(await ended, 4);
});
