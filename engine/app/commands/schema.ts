/** `sluice schema`: whether what is declared can be read beside what was written, and new versions of it. */
import { Command, Option } from "commander";
import { integerOption } from "../cli.ts";
import type { EngineConfig } from "../config/engine-config.ts";
import type { App } from "../define-app.ts";
import type { EvolveOptions } from "../evolving/evolve-verb.ts";
import type { DiffOptions } from "../evolving/looking.ts";
import type { CheckOptions } from "../evolving/verbs.ts";

/** The command with its verbs. */
export const schemaCommand = <Config extends EngineConfig>(app: App<Config>): Command => {
  const schema = new Command("schema").description(
    "Compares the declared schemas with every version that was written, in both directions, and makes new versions.",
  );
  for (const verb of [checkCommand, diffCommand, evolveCommand, statusCommand]) schema.addCommand(verb(app));
  return schema;
};

/** Drivers are loaded when a verb runs. */
const verbs = () => import("../evolving/verbs.ts");

const looking = () => import("../evolving/looking.ts");
const evolving = () => import("../evolving/evolve-verb.ts");

/** As many of the newest records are decoded where `--sample` has no number. */
const sampledRecords = 1_000;

const checkCommand = <Config extends EngineConfig>(app: App<Config>): Command =>
  new Command("check")
    .description("find everything that readers would meet; changes nothing; exits 4 where a schema is refused")
    .argument("[subject...]", "subjects (default: all)")
    .option("--offline", "only the versions in the repository: asks no registry and no broker")
    .addOption(
      new Option("--sample [n]", "decode the last n records of each topic with the declared schema")
        .argParser(integerOption(1, 1_000_000))
        .preset(String(sampledRecords)),
    )
    .addOption(new Option("--format <format>", "as what").choices(["text", "json", "github"]).default("text"))
    .option("--json", "the same as --format json")
    .action(async (subjects: readonly string[], options: CheckOptions) =>
      (await verbs()).checkVerb(app, subjects, options),
    );

const diffCommand = <Config extends EngineConfig>(app: App<Config>): Command =>
  new Command("diff")
    .description("say field by field what differs between two versions, or a version and what is declared")
    .argument("<subject>", "the subject")
    .option("--from <n>", "the older version (default: the last one)", integerOption(1, 1_000_000))
    .option("--to <n>", "the newer version (default: what is declared)", integerOption(1, 1_000_000))
    .option("--offline", "versions of the repository instead of the registry's")
    .option("--json", "print one JSON document")
    .action(async (subject: string, options: DiffOptions) => (await looking()).diffVerb(app, subject, options));

/** How long it waits for an apply, s. */
const lockTimeoutSeconds = 10;

const evolveCommand = <Config extends EngineConfig>(app: App<Config>): Command =>
  new Command("evolve")
    .description(
      "register what is declared as the next version, and write it into the repository; where one is refused, none is",
    )
    .argument("<subject...>", "subjects")
    .requiredOption("--reason <text>", "why, for the audit log")
    .option("--actor <name>", "who, for the audit log (default: SLUICE_ACTOR, the CI's user, this user)")
    .option("--offline", "write it into the repository alone; `topology apply` registers it")
    .option("--lock-timeout <s>", "how long to wait for an apply", integerOption(0, 3_600), lockTimeoutSeconds)
    .option("--json", "print one JSON document")
    .action(async (subjects: readonly string[], options: EvolveOptions) =>
      (await evolving()).evolveVerb(app, subjects, { ...options, lockTimeout: options.lockTimeout * 1_000 }),
    );

const statusCommand = <Config extends EngineConfig>(app: App<Config>): Command =>
  new Command("status")
    .description("show versions, ids, level and mode of each subject, and who reads and writes it")
    .option("--json", "print one JSON document")
    .action(async (options: { readonly json?: boolean }) => (await looking()).statusVerb(app, options));
