/** `sluice schema`: whether what is declared can be read beside what was written, and new versions of it. */
import { Command, Option } from "commander";
import { integerOption } from "../cli.ts";
import type { EngineConfig } from "../config/engine-config.ts";
import type { App } from "../define-app.ts";
import type { CheckOptions } from "../evolving/verbs.ts";

/** The command with its verbs. */
export const schemaCommand = <Config extends EngineConfig>(app: App<Config>): Command => {
  const schema = new Command("schema").description(
    "Compares the declared schemas with every version that was written, in both directions, and makes new versions.",
  );
  for (const verb of [checkCommand]) schema.addCommand(verb(app));
  return schema;
};

/** Drivers are loaded when a verb runs. */
const verbs = () => import("../evolving/verbs.ts");

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
