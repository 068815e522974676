/** `sluice verify`: runs the checks of the application, once or all the time. */
import { Argument, Command, Option } from "commander";
import { CliError, exitCodes, integerOption, jsonDocument, note, print, printJson } from "../cli.ts";
import type { EngineConfig } from "../config/engine-config.ts";
import type { App } from "../define-app.ts";
import { boundReaderHeap } from "../process/heap.ts";
import type { Verification } from "../verify/verification.ts";

type CheckOptions = Readonly<Record<string, string | undefined>>;

/** Those of the command itself; the others are of the checks. */
interface OwnOptions {
  readonly json?: boolean;
  readonly watch?: boolean;
  /** Seconds. */
  readonly every: number;
  readonly fullEvery: number;
}
type VerifyOptions = CheckOptions & OwnOptions;

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
    .option("--watch", "look again and again until it is stopped, and serve what is broken as metrics")
    .addOption(
      new Option("--every <seconds>", "between two looks of --watch").argParser(integerOption(1, 3_600)).default(15),
    )
    .addOption(
      new Option("--full-every <seconds>", "between two full looks of --watch")
        .argParser(integerOption(1, 86_400))
        .default(600),
    )
    .hook("preAction", boundReaderHeap)
    .action((wanted: readonly string[], options: VerifyOptions) => {
      const chosen = checks.filter(({ subject }) => wanted.length === 0 || wanted.includes(subject));
      return options.watch ? watch(app, chosen, options) : verify(app, chosen, options);
    });
};

const usage = { code: "USAGE", exitCode: exitCodes.usage };

const watch = async <Config extends EngineConfig>(
  app: App<Config>,
  checks: readonly Verification<Config>[],
  { json, watch: _, every, fullEvery, ...options }: VerifyOptions,
): Promise<void> => {
  if (json) throw new CliError("--watch prints no document: its metrics are on the health port", usage);
  const [{ runProcess }, { startVerifyWatch }] = await Promise.all([
    import("../process/process.ts"),
    import("../verify/watch-process.ts"),
  ]);
  const times = { everyMs: every * 1_000, fullEveryMs: fullEvery * 1_000 };
  await runProcess(app, "verify", (context) => startVerifyWatch(app, context, { checks, options, times }));
};

const verify = async <Config extends EngineConfig>(
  app: App<Config>,
  wanted: readonly Verification<Config>[],
  { json, watch: _watch, every: _every, fullEvery: _fullEvery, ...options }: VerifyOptions,
): Promise<void> => {
  const [{ loadConfig }, { showChecks }] = await Promise.all([
    import("../process/process.ts"),
    import("../verify/show.ts"),
  ]);
  const config = await loadConfig(app);
  const verified = [];
  for (const { subject, run } of wanted)
    verified.push({ subject, warnings: [], data: {}, ...(await run(config, options)) });
  const checks = verified.flatMap((one) => one.checks);
  const warnings = verified.flatMap((one) => one.warnings);
  const isBroken = checks.some(({ broken }) => broken > 0);
  if (isBroken) process.exitCode = exitCodes.failure;
  else if (checks.some(({ pending }) => pending > 0)) process.exitCode = exitCodes.pending;
  if (!json) print(verified.map((one) => showChecks(one.subject, one.checks)).join("\n\n"));
  else {
    const data = Object.fromEntries(verified.map((one) => [one.subject, { checks: one.checks, ...one.data }]));
    printJson(jsonDocument("verify", data, { status: isBroken ? "failed" : "ok", warnings }));
  }
  for (const warning of warnings) note(warning);
};
