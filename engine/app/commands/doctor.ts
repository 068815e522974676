/** `sluice doctor`: whether everything that the application needs can be reached and is as declared. */
import { Command } from "commander";
import { exitCodes, formatTable, jsonDocument, printJson, print } from "../cli.ts";
import type { EngineConfig } from "../config/engine-config.ts";
import type { App } from "../define-app.ts";

/** The command. */
export const doctorCommand = <Config extends EngineConfig>(app: App<Config>): Command =>
  new Command("doctor")
    .summary("check what this application needs; exits 1 where something fails, 3 where there are only warnings")
    .description(
      "Whether brokers, registry and what the application adds answer, their versions, clocks and encryption, what our users may do, and that what is declared is deployed. Only looks. One line for each check: ok, warn or fail, and what to do. Each check takes 5 s at most, and one that fails does not hide another.",
    )
    .option("--json", "print one JSON document")
    .action((options: { readonly json?: boolean }) => examine(app, options));

const examine = async <Config extends EngineConfig>(
  app: App<Config>,
  { json = false }: { readonly json?: boolean },
): Promise<void> => {
  const [{ loadConfig }, { checkUp, sayOnce }, { engineChecks }] = await Promise.all([
    import("../process/process.ts"),
    import("../doctor/checkup.ts"),
    import("../doctor/engine-checks.ts"),
  ]);
  const findings = sayOnce(await checkUp([...engineChecks(app), ...(app.doctor ?? [])], await loadConfig(app)));
  const levels = new Set(findings.map(({ level }) => level));
  const code = levels.has("fail") ? exitCodes.failure : levels.has("warn") ? exitCodes.pending : exitCodes.done;
  if (json) printJson(jsonDocument("doctor", { findings }, { status: levels.has("fail") ? "failed" : "ok" }));
  else
    print(
      formatTable(
        ["", "check", "found", "what to do"],
        findings.map(({ level, name, found, fix = "" }) => [level, name, found, fix]),
      ),
    );
  // A check that ran out of time may still be connecting, which would keep the process alive.
  process.stdout.write("", () => process.exit(code));
};
