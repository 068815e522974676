/** `npm run proofs -- schema`: this engine's verdicts beside others', and what becomes of changes; a report in Markdown on stdout. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { applyApp } from "../../../engine/app/apply.ts";
import { note, print } from "../../../engine/app/cli.ts";
import { confluentAdmin } from "../../../engine/registry/admin.ts";
import { stackDown } from "../../../dev/stack/down.ts";
import { endpointsEnv } from "../../../dev/stack/endpoints.ts";
import { stackUp } from "../../../dev/stack/up.ts";
import { readConfig } from "../../../ops/config.ts";
import { app } from "../../../sluice.config.ts";
import { tryEvolutions } from "./evolutions.ts";
import { type Agreement, agreementOn, avscOpinion, registryOpinion } from "./pairs.ts";

const stackName = "proofs";
const avscPairs = 10_000;
const registryPairs = 500;

const table = (head: readonly string[], rows: readonly (readonly (string | number)[])[]): void => {
  for (const row of [head, head.map(() => "---"), ...rows]) print(`| ${row.join(" | ")} |`);
  print("");
};

/** Runs the proof; answers whether everything held. */
export const proveSchema = async (signal: AbortSignal): Promise<boolean> => {
  note(`${avscPairs} pairs beside avsc`);
  const avsc = await agreementOn(avscPairs, avscOpinion);
  note("stack proofs");
  const endpoints = await stackUp({ name: stackName, brokers: 1, signal });
  try {
    const env = { ...process.env, ...endpointsEnv(endpoints) };
    const config = readConfig(endpointsEnv(endpoints), () => "");
    const admin = confluentAdmin({ url: config.registryUrl });
    note(`${registryPairs} pairs beside the registry`);
    const registry = await agreementOn(registryPairs, registryOpinion(admin, `pairs-${Date.now()}`));
    print("## Verdicts over generated pairs\n");
    table(["beside", "both readable", "both unreadable", "disagree"], [row("avsc", avsc), row("registry", registry)]);
    const groups = Map.groupBy(
      [...avsc.disagreements, ...registry.disagreements],
      ({ ours, others }) => `${ours === "" ? "readable" : ours} | ${others}`,
    );
    table(
      ["this engine", "the other", "pairs", "such as"],
      [...groups].map(([pair, all]) => [pair, all.length, `seed ${all[0]?.seed}: ${all[0]?.how}`]),
    );
    note("evolutions");
    await applyApp(app, config);
    const tried = await tryEvolutions(admin);
    print("## Changes of the shop's schemas\n");
    table(
      ["change", "subject", "ended", "registry"],
      tried.map(({ what, subject, ended, unchanged }) => [
        what,
        subject,
        ended,
        unchanged ? "unchanged" : "one version more",
      ]),
    );
    print("## Commands\n");
    const commands = [];
    for (const args of [
      ["check"],
      ["check", "--sample", "100"],
      ["status"],
      ["diff", "coupon-issue-value"],
      ["check", "--offline"],
    ])
      commands.push(await run(args, env));
    table(["command", "exit", "ms"], commands);
    const held = avsc.disagreements.length === 0 && tried.every(({ expected }) => expected);
    print(held ? "Everything held." : "NOT everything held.");
    return held;
  } finally {
    await stackDown({ name: stackName });
  }
};

const row = (name: string, { readable, unreadable, disagreements }: Agreement): readonly (string | number)[] => [
  name,
  readable,
  unreadable,
  disagreements.length,
];

const run = async (args: readonly string[], env: NodeJS.ProcessEnv): Promise<readonly (string | number)[]> => {
  const startedAt = performance.now();
  const { code, stdout } = await promisify(execFile)(process.execPath, ["bin/sluice.js", "schema", ...args], {
    env,
  }).then(
    (out) => ({ code: 0, stdout: out.stdout }),
    (error: { readonly code: number; readonly stdout: string; readonly stderr: string }) => {
      note(error.stderr);
      return error;
    },
  );
  note(stdout);
  return [`sluice schema ${args.join(" ")}`, code, Math.round(performance.now() - startedAt)];
};
