/**
 * The command line of an application: finds the commands of the engine and those of the application, runs one, and turns
 * how it ended into an exit code. Without an application only `init` is there.
 */
import { readdir } from "node:fs/promises";
import { basename } from "node:path";
import { Command, CommanderError } from "commander";
import {
  asCalled,
  CliError,
  describeError,
  errorDocument,
  exitCodes,
  InterruptedError,
  nextText,
  note,
  paint,
  printJson,
} from "./cli.ts";
import type { Explains } from "./define-app.ts";
import { engineVersion } from "./version.ts";

const ownCommands = new URL("./commands/", import.meta.url);

/** What of an application the command line reads itself; the commands get the whole. */
export interface CommandSet {
  readonly kind: "sluice-app";
  readonly description: string;
  readonly commands?: readonly URL[];
  readonly checks?: readonly unknown[];
  readonly outboxes?: readonly unknown[];
  readonly explains?: () => Promise<Explains>;
}

/** A file that exports a command. */
interface Source {
  readonly file: URL;
  readonly name: string;
}

/** Files here are sources, or JavaScript where the engine was built; declarations beside it are neither. */
const commandFile = /^([a-z][a-z-]*)\.(ts|js)$/;

const commandsIn = async (folder: URL): Promise<readonly Source[]> =>
  (await readdir(folder)).flatMap((file) => {
    const [, name] = commandFile.exec(file) ?? [];
    return name === undefined ? [] : [{ name, file: new URL(file, folder) }];
  });

/** `commands/<name>.ts` exports `<name>Command(app): Command`; a name with hyphens is written in camel case. */
async function loadCommand({ name, file }: Source, app: CommandSet | undefined): Promise<Command> {
  const exported = `${name.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase())}Command`;
  const module: Record<string, unknown> = await import(file.href);
  const make = module[exported];
  const command: unknown = typeof make === "function" ? make(app) : undefined;
  // Not instanceof: an application may have a commander of its own.
  if (!isCommand(command)) throw new Error(`${basename(file.pathname)} does not export ${exported}(app): Command`);
  return command;
}

const isCommand = (value: unknown): value is Command =>
  typeof value === "object" && value !== null && "parseAsync" in value && "exitOverride" in value;

/** Loads the one command that was asked for, or all of them where the list of commands is wanted. */
async function loadCommands(app: CommandSet | undefined, wanted: string | undefined): Promise<readonly Command[]> {
  const folders = [ownCommands, ...(app?.commands ?? [])];
  const found = (await Promise.all(folders.map(commandsIn)))
    .flat()
    .filter(({ name }) => (app === undefined ? name === "init" : hasUse(name, app)))
    .toSorted((a, b) => a.name.localeCompare(b.name));
  const chosen = found.filter(({ name }) => name === wanted);
  return Promise.all((chosen.length > 0 ? chosen : found).map((source) => loadCommand(source, app)));
}

/** A command that an application has nothing for is not there. */
const hasUse = (command: string, { checks = [], outboxes = [] }: CommandSet): boolean =>
  (command !== "verify" || checks.length > 0) && (command !== "relay" || outboxes.length > 0);

/** commander's settings are not inherited by a command that is added whole, so every one gets them. */
function harden(command: Command, parents: readonly string[] = []): Command {
  const names = [...parents, command.name()];
  // A whole help would push the message out of sight. A noun without its verb shows it: to stderr, and the exit code is not 0.
  const usage = `Usage: ${names.join(" ")} ${command.usage()}\n${nextText([`${names.join(" ")} --help`])}`;
  command.exitOverride().showHelpAfterError(usage).helpCommand(false).allowExcessArguments(false);
  command.configureHelp({ showGlobalOptions: true });
  for (const child of command.commands) harden(child, names);
  return command;
}

/** The command line as commander has it: with the one command that is `wanted`, or with all of them. */
export async function program(app: CommandSet | undefined, wanted?: string): Promise<Command> {
  const root = new Command("sluice")
    .description(
      app?.description ?? "Topologies on Kafka. There is no sluice.config.ts here: `sluice init` writes one.",
    )
    .usage("<command> [options]")
    .version(engineVersion(), "--version", "show the release of the engine")
    .option("--verbose", "show the stack of an unexpected error");
  for (const command of await loadCommands(app, wanted)) root.addCommand(command);
  return harden(root);
}

/** Prints how a command failed: a document on stdout with `--json`, a line for people on stderr in any case. */
async function report(error: unknown, argv: readonly string[], app: CommandSet | undefined): Promise<number> {
  // commander has written its message and the usage already. Help that was asked for is not a mistake.
  if (isCommanderError(error) && error.exitCode === 0) return exitCodes.done;
  if (isCommanderError(error)) {
    if (argv.includes("--json")) printJson(errorDocument(new CliError(error.message, { code: "USAGE" })));
    return exitCodes.usage;
  }
  const { code, message, fix, exitCode } = describeError(error);
  if (argv.includes("--json")) printJson(errorDocument(error));
  // A user who pressed Ctrl-C knows that it is no error.
  const prefix = error instanceof InterruptedError ? "" : `${paint("red", "error:", process.stderr)} `;
  note(`${prefix}${message}`);
  if (fix !== undefined) note(asCalled(fix));
  const explained = error instanceof InterruptedError ? undefined : (await app?.explains?.())?.(code);
  if (explained !== undefined) note(`About ${code}: ${explained.at}`);
  if (argv.includes("--verbose") && error instanceof Error) note(error.stack ?? "");
  return exitCode;
}

const isCommanderError = (error: unknown): error is CommanderError =>
  error instanceof CommanderError || (error instanceof Error && error.name === "CommanderError");

/** Runs the command line of this process. Sets its exit code; a long-running command ends the process itself. */
export const runCommandLine = async (loadApp: () => Promise<CommandSet | undefined>): Promise<void> => {
  // `sluice ... | head` closes our stdout early; that is no failure.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(exitCodes.done);
  });
  const argv = process.argv.slice(2);
  let app: CommandSet | undefined;
  try {
    app = await loadApp();
    const root = await program(
      app,
      argv.find((argument) => !argument.startsWith("-")),
    );
    await root.parseAsync(argv, { from: "user" });
  } catch (error) {
    process.exitCode = await report(error, argv, app);
  }
};
