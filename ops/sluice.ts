#!/usr/bin/env -S npx --no-install node
/** The command line: finds the commands in ops/commands and dev/commands, runs one, and turns how it ended into an exit code. */
import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { Command, CommanderError } from "commander";
import {
  CliError,
  describeError,
  errorDocument,
  exitCodes,
  InterruptedError,
  note,
  paint,
  printJson,
} from "../engine/app/cli.ts";

const commandFolders = ["ops/commands", "dev/commands"].map((folder) => join(import.meta.dirname, "..", folder));

/** `commands/<name>.ts` exports `<name>Command(): Command`; a name with hyphens is written in camel case. */
async function loadCommand(path: string): Promise<Command> {
  const name = basename(path, ".ts");
  const exported = `${name.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase())}Command`;
  const module: Record<string, unknown> = await import(path);
  const make = module[exported];
  const command: unknown = typeof make === "function" ? make() : undefined;
  if (!(command instanceof Command)) throw new Error(`${path} does not export ${exported}(): Command`);
  return command;
}

/** Loads the one command that was asked for, or all of them where the list of commands is wanted. */
async function loadCommands(wanted: string | undefined): Promise<readonly Command[]> {
  const found = await Promise.all(
    commandFolders.map(async (folder) => (await readdir(folder)).map((file) => join(folder, file))),
  );
  const paths = found
    .flat()
    .filter((path) => /^[a-z][a-z-]*\.ts$/.test(basename(path)))
    .toSorted((a, b) => basename(a).localeCompare(basename(b)));
  const chosen = paths.filter((path) => basename(path, ".ts") === wanted);
  return Promise.all((chosen.length > 0 ? chosen : paths).map(loadCommand));
}

/** commander's settings are not inherited by a command that is added whole, so every one gets them. */
function harden(command: Command): Command {
  // A noun without its verb is a usage mistake too: its help goes to stderr, and the exit code is not 0.
  command.exitOverride().showHelpAfterError().helpCommand(false).allowExcessArguments(false);
  command.configureHelp({ showGlobalOptions: true });
  for (const child of command.commands) harden(child);
  return command;
}

/** The whole program with its commands. */
async function program(wanted: string | undefined): Promise<Command> {
  const root = new Command("sluice")
    .description("First-come-first-served coupons on Kafka.")
    .usage("<command> [options]")
    .option("--verbose", "show the stack of an unexpected error");
  for (const command of await loadCommands(wanted)) root.addCommand(command);
  return harden(root);
}

/** Tells how a command failed: a document on stdout with `--json`, a line for people on stderr in any case. */
function report(error: unknown, argv: readonly string[]): number {
  // commander has written its message and the usage already. Help that was asked for is not a mistake.
  if (error instanceof CommanderError && error.exitCode === 0) return exitCodes.done;
  if (error instanceof CommanderError) {
    if (argv.includes("--json")) printJson(errorDocument(new CliError(error.message, { code: "USAGE" })));
    return exitCodes.usage;
  }
  const { message, fix, exitCode } = describeError(error);
  if (argv.includes("--json")) printJson(errorDocument(error));
  // Whoever pressed Ctrl-C knows that it is no error.
  const prefix = error instanceof InterruptedError ? "" : `${paint("red", "error:", process.stderr)} `;
  note(`${prefix}${message}`);
  if (fix !== undefined) note(fix);
  if (argv.includes("--verbose") && error instanceof Error) note(error.stack ?? "");
  return exitCode;
}

// `sluice ... | head` closes our stdout early; that is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(exitCodes.done);
});

const argv = process.argv.slice(2);
try {
  const root = await program(argv.find((argument) => !argument.startsWith("-")));
  await root.parseAsync(argv, { from: "user" });
} catch (error) {
  process.exitCode = report(error, argv);
}
