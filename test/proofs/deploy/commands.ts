/** The commands as an operator runs them: what each answers to a topic that was changed by hand, and to a graph that is not deployed. */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { repositoryRoot } from "../../../dev/stack/layout.ts";
import type { DeployPorts } from "../../../engine/deploy/run/ports.ts";
import { applyInProcess } from "./kills.ts";

/** A command and how it ended. */
export interface Ran {
  readonly what: string;
  readonly command: string;
  readonly exitCode: number;
  readonly expected: number;
  /** How long it took, its start included. */
  readonly tookMs: number;
  /** Its last line, or that which says why. */
  readonly says: string;
}

/** One run of `sluice`. */
type Run = (
  what: string,
  expected: number,
  args: readonly string[],
  says?: RegExp,
  more?: Readonly<Record<string, string>>,
) => Promise<void>;

/** Runs the commands in an order in which each meets what the one before left. */
export const runCommands = async (ports: DeployPorts, env: NodeJS.ProcessEnv): Promise<readonly Ran[]> => {
  const ran: Ran[] = [];
  const run: Run = async (what, expected, args, says = /\S/, more = {}) => {
    const startedAt = performance.now();
    const { exitCode, lines } = await sluice({ ...env, ...more }, args);
    const tookMs = Math.round(performance.now() - startedAt);
    const line = lines.find((one) => says.test(one)) ?? lines.at(-1) ?? "";
    // Everything on one line of a table.
    ran.push({
      what,
      command: args.join(" "),
      exitCode,
      expected,
      tookMs,
      says: line.slice(0, 160).replaceAll("|", "\\|"),
    });
  };
  const folder = await mkdtemp(join(tmpdir(), "sluice-proof-"));
  const file = (name: string): string => join(folder, name);
  try {
    await run("a graph that was never deployed", 4, ["worker"], /GRAPH_NOT_DEPLOYED/);
    await run("the first apply", 0, ["topology", "apply"], /^Deployment/);
    await run("a plan of nothing", 0, ["topology", "plan", "--exit-code"], /^Nothing to change/);
    await run("no drift", 0, ["topology", "drift"], /no drift/);
    const otherGroup = { SLUICE_GROUP_PREFIX: "other" };
    await run("another group: worker", 4, ["worker"], /OTHER_GROUP/, otherGroup);
    await run("another group: plan", 4, ["topology", "plan"], /REFUSED/, otherGroup);
    await run("another group: apply", 4, ["topology", "apply", "--json"], /"code": "OTHER_GROUP"/, otherGroup);
    await setClientClock(ports);
    await run("a client's clock: drift", 3, ["topology", "drift"], /CreateTime/);
    await run("a client's clock: plan", 3, ["topology", "plan", "--exit-code", "--out", file("plan")], /CreateTime/);
    await run("a client's clock: worker", 4, ["worker"], /TOPIC_SETTING/);
    await run("a client's clock: API", 4, ["api"], /TOPIC_SETTING/, { SLUICE_API_PORT: "0" });
    await run("a client's clock: apply, not confirmed", 2, ["topology", "apply", "--yes"], /^error/);
    await savedPlans(run, file);
    await run(
      "a client's clock: confirmed by name",
      0,
      ["topology", "apply", file("plan"), "--confirm", "coupon-issue"],
      /^Deployment/,
    );
    await run("the same plan again", 5, ["topology", "apply", file("plan")], /^error/);
    const shop = (await ports.deployments.latest())?.number;
    await applyInProcess(env, "other");
    await run("a graph that the last deployment lacks", 4, ["worker"], /GRAPH_NOT_DEPLOYED/);
    await run("rollback", 0, ["topology", "rollback", String(shop), "--reason", "the other was wrong"], /^Deployment/);
    await run("a plan after it", 0, ["topology", "plan", "--exit-code"], /^Nothing to change/);
    await run("a deployment that is none", 2, ["topology", "rollback", "9999"], /^error/);
    await run("status", 0, ["topology", "status"], /coupon-issuing/);
    await run("log", 0, ["topology", "log", "--limit", "1"], /applied/);
  } finally {
    await rm(folder, { recursive: true });
  }
  return ran;
};

const setClientClock = (ports: DeployPorts): Promise<void> =>
  ports.cluster.alterSettings("coupon-issue", { set: { "message.timestamp.type": "CreateTime" }, reset: [] });

/** Files that are no plan, or no more. */
const savedPlans = async (run: Run, file: (name: string) => string): Promise<void> => {
  const plan = await readFile(file("plan"), "utf8");
  await writeFile(file("empty"), "");
  await writeFile(file("edited"), plan.replace('"partitions": 6', '"partitions": 7'));
  await writeFile(file("version"), plan.replace('"version": 1', '"version": 2'));
  for (const name of ["empty", "edited", "version"]) {
    await run(`a plan file: ${name}`, 2, ["topology", "apply", file(name)], /^error/);
  }
};

const sluice = (
  env: NodeJS.ProcessEnv,
  args: readonly string[],
): Promise<{ readonly exitCode: number; readonly lines: readonly string[] }> =>
  new Promise((resolve) => {
    const command = [join(repositoryRoot, "bin", "sluice.js"), ...args];
    const child = execFile(process.execPath, command, { env, timeout: 60_000 }, (_error, stdout, stderr) => {
      resolve({
        exitCode: child.exitCode ?? -1,
        lines: `${stderr}${stdout}`.split("\n").filter((line) => line !== ""),
      });
    });
  });
