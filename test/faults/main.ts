/** `npm run faults`: breaks a real stack in every way there is a name for, and has the verifier look afterwards. */
import { Command, CommanderError } from "commander";
import {
  describeError,
  errorDocument,
  exitCodes,
  formatTable,
  integerOption,
  InterruptedError,
  interruptible,
  jsonDocument,
  note,
  print,
  printJson,
} from "../../engine/app/cli.ts";
import { choose, faults, payFaults } from "./faults.ts";
import { payPoints } from "./payments/points.ts";
import { failPoints } from "./coupons/points.ts";
import { showReport } from "./report.ts";
import { isSound, runFaults } from "./run.ts";
import { writeTables } from "./write-tables.ts";

interface Options {
  readonly only: readonly string[];
  readonly list?: boolean;
  readonly json?: boolean;
  readonly seed: number;
  readonly times?: number;
  readonly write?: boolean;
}

const split = (text: string, before: readonly string[]): readonly string[] => [...before, ...text.split(",")];

const command = (): Command =>
  new Command("npm run faults --")
    .description(
      "Tries faults on a stack of its own and verifies from topic, database, Redis and platform what is left. Exits 1 " +
        "when anything was lost, issued or paid too often, said twice or not at all, or a fault did not strike as planned.",
    )
    .option(
      "--only <names>",
      "faults or fail points, separated by commas; `redis-*` means all that begin so",
      split,
      [],
    )
    .option("--list", "list the faults and the fail points, and try none")
    .option("--seed <number>", "what chance is drawn from", integerOption(0, 2 ** 31 - 1), 1)
    .option("--times <number>", "how often each fault is tried, in place of its own number", integerOption(1, 10_000))
    .option("--write", "put the results into docs/reliability.md, beside those of faults not tried now")
    .option("--json", "print one JSON document")
    .allowExcessArguments(false)
    .showHelpAfterError()
    .exitOverride()
    .action((options: Options) =>
      options.list === true ? list(options) : interruptible((signal) => run(options, signal)),
    );

const list = ({ json }: Options): void => {
  const rows = [...faults, ...payFaults].map(({ name, times, about }) => ({ name, times, about }));
  const points = [...failPoints, ...payPoints].map(({ name, about, windows }) => ({ name, about, windows }));
  if (json) {
    printJson(jsonDocument("faults.list", { faults: rows, failPoints: points }));
    return;
  }
  print(
    formatTable(
      ["fault", "times", "what is done"],
      rows.map((row) => [row.name, String(row.times), row.about]),
    ),
  );
  print(
    `\n${formatTable(
      ["fail point", "what has just happened"],
      points.map((point) => [point.name, point.about]),
    )}`,
  );
};

const run = async ({ only, seed, times, json, write }: Options, signal: AbortSignal): Promise<void> => {
  const { unknown, ...chosen } = choose(only);
  if (unknown.length > 0) throw new CommanderError(2, "faults", `no such fault: ${unknown.join(", ")}; see --list`);
  const report = await runFaults({ ...chosen, seed, times, signal, say: note }).catch((error: unknown) => {
    throw signal.aborted ? new InterruptedError("the faults are ended", { cause: error }) : error;
  });
  const failed = !isSound(report);
  if (write) await writeTables(report);
  if (json) printJson(jsonDocument("faults", report, { status: failed ? "failed" : "ok" }));
  else print(showReport(report));
  if (failed) process.exitCode = exitCodes.failure;
};

try {
  await command().parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    if (error.code === "faults") note(`error: ${error.message}`);
    process.exitCode = error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  } else {
    const { message, exitCode } = describeError(error);
    if (process.argv.includes("--json")) printJson(errorDocument(error));
    note(`error: ${message}`);
    process.exitCode = exitCode;
  }
}
