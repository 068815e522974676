/** `sluice config show`: the settings in force and where each is from, without secrets. */
import { Command } from "commander";
import { environment, formatTable, jsonDocument, note, print, printJson } from "../cli.ts";
import type { EngineConfig } from "../config/engine-config.ts";
import type { App } from "../define-app.ts";

/** The command. */
export const configCommand = <Config extends EngineConfig>(app: App<Config>): Command =>
  new Command("config").description("The configuration of this application.").addCommand(
    new Command("show")
      .summary("print the settings in force and where each is from; secrets are masked")
      .description(
        "Prints every setting: its name, its value, and where it is from: default, environment, file, or development (found by the application, such as the address of a stack that is up). Of secrets only the length is shown, and URLs have no credentials.",
      )
      .option("--json", "print one JSON document")
      .action((options: { readonly json?: boolean }) => show(app, options)),
  );

const show = async <Config extends EngineConfig>(
  { settings, developmentEnvironment = async (env) => env }: App<Config>,
  { json = false }: { readonly json?: boolean },
): Promise<void> => {
  const { readSecretFile } = await import("../process/process.ts");
  const own = environment();
  const [declared, inForce] = [await settings(), await developmentEnvironment(own)];
  const explained = declared.explain(inForce, readSecretFile);
  const remarks = declared.remarks(inForce, readSecretFile);
  const rows = explained.map(({ name, value, from }) => ({
    name,
    value: value ?? null,
    from: from === "environment" && (own[name] ?? "") === "" ? "development" : from,
  }));
  if (json) return printJson(jsonDocument("config", { settings: rows, remarks }));
  const shown = rows.map(({ name, value, from }) => [name, value ?? "(not set)", from]);
  print(formatTable(["name", "value", "from"], shown));
  for (const remark of remarks) note(remark);
};
