/** `sluice verify`: runs the checks of the application. */
import { Argument, Command, Option } from "commander";
import { exitCodes, jsonDocument, note, print, printJson } from "../cli.ts";
import type { EngineConfig } from "../config/engine-config.ts";
import type { App } from "../define-app.ts";
import { boundReaderHeap } from "../process/heap.ts";

type VerifyOptions = Readonly<Record<string, string | undefined>> & { readonly json?: never };

/** The command. */
export const verifyCommand = <Config extends EngineConfig>(app: App<Config>): Command => {
  const checks = app.checks ?? [];
  const subjects = checks.map(({ subject }) => subject);
  const command = new Command("verify")
    .summary("check that what was stored and written agrees; exits 1 when it does not, 3 when something is pending")
    .description(["Reads everything from scratch and checks.", ...checks.map((one) => one.description)].join(" "))
    .addArgument(new Argument("[subject...]", "what to check (default: all)").choices(subjects));
  for (const { flags, description, preset, parse } of checks.flatMap(({ options = [] }) => options)) {
    const option = new Option(flags, description);
    if (preset !== undefined) option.default(preset);
    if (parse !== undefined) option.argParser(parse);
    command.addOption(option);
  }
  return command
    .option("--json", "print one JSON document")
    .hook("preAction", boundReaderHeap)
    .action((wanted: readonly string[], options: VerifyOptions) =>
      verify(app, wanted.length > 0 ? wanted : subjects, options),
    );
};

const verify = async <Config extends EngineConfig>(
  app: App<Config>,
  wanted: readonly string[],
  { json, ...options }: VerifyOptions,
): Promise<void> => {
  const [{ loadConfig }, { showChecks }] = await Promise.all([
    import("../process/process.ts"),
    import("../verify/show.ts"),
  ]);
  const config = await loadConfig(app);
  const verified = [];
  for (const { subject, run } of (app.checks ?? []).filter((one) => wanted.includes(one.subject)))
    verified.push({ subject, warnings: [], data: {}, ...(await run(config, options)) });
  const checks = verified.flatMap((one) => one.checks);
  const warnings = verified.flatMap((one) => one.warnings);
  const isBroken = checks.some(({ broken }) => broken > 0);
  if (isBroken) process.exitCode = exitCodes.failure;
  else if (checks.some(({ pending }) => pending > 0)) process.exitCode = exitCodes.pending;
  if (json === undefined) print(verified.map((one) => showChecks(one.subject, one.checks)).join("\n\n"));
  else {
    const data = Object.fromEntries(verified.map((one) => [one.subject, { checks: one.checks, ...one.data }]));
    printJson(jsonDocument("verify", data, { status: isBroken ? "failed" : "ok", warnings }));
  }
  for (const warning of warnings) note(warning);
};
