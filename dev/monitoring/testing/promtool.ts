/** Prometheus' own tool, where it is installed: it is the judge of rules and of the configuration. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Whether a command of Debian's packages is installed. */
const isInstalled = (command: string): boolean => spawnSync(command, ["--version"]).status === 0;

/** Why a test that needs a command is left out, with what installs it; false where it is not left out. */
export const skippedWithout = (command: keyof typeof packages): string | false =>
  isInstalled(command) ? false : `${command} is not installed: apt-get install ${packages[command]}`;

const packages = {
  promtool: "prometheus",
  prometheus: "prometheus",
  amtool: "prometheus-alertmanager",
  "prometheus-alertmanager": "prometheus-alertmanager",
} as const;

/** Runs it on a document. @throws Error with what it said where it does not succeed */
export const testRules = (document: string): string => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-rules-"));
  try {
    const file = join(folder, "test.yml");
    writeFileSync(file, document);
    return run("promtool", "test", "rules", file);
  } finally {
    rmSync(folder, { recursive: true });
  }
};

/** Runs a command. @throws Error with what it said where it does not succeed */
export const run = (command: string, ...args: readonly string[]): string => {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8", maxBuffer: 1e8 });
  if (status !== 0) throw new Error(`${command} ${args.slice(0, 2).join(" ")}: ${stderr}${stdout}`);
  return stdout;
};
