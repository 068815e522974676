/** docs/reference/commands.md, made from commander's own description of the commands. */
import type { Argument, Command, Option } from "commander";
import { exitCodes } from "../../engine/app/cli.ts";
import { program } from "../../engine/app/program.ts";
import { app } from "../../sluice.config.ts";
import { commentsIn } from "./comments.ts";
import { code, madeFrom, table } from "./markdown.ts";

/** A command that does something, with the names that lead to it. */
interface Verb {
  readonly names: string;
  readonly command: Command;
}

const verbsOf = (command: Command, parents: readonly string[]): readonly Verb[] => {
  const names = [...parents, command.name()];
  return command.commands.length === 0
    ? [{ names: names.join(" "), command }]
    : command.commands.flatMap((child) => verbsOf(child, names));
};

const sentence = (text: string): string =>
  text === "" ? "" : `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.:]$/.test(text) ? "" : "."}`;

/** Lists in a description are indented there, for the terminal. */
const described = (command: Command): string => {
  const text = command.description();
  const summary = command.summary();
  return [...(summary === "" ? [] : [summary]), ...text.split("\n\n")]
    .map((part) => (part.startsWith("  ") ? `\`\`\`text\n${part}\n\`\`\`` : sentence(part)))
    .join("\n\n");
};

const choicesAnd = (what: string, choices: readonly string[] | undefined, preset: unknown): string => {
  const one = choices === undefined ? "" : `; one of ${choices.map(code).join(", ")}`;
  const isGiven = preset !== undefined && preset !== "" && !(Array.isArray(preset) && preset.length === 0);
  return `${what}${one}${isGiven ? `; default ${code(String(preset))}` : ""}`;
};

const argumentRow = (argument: Argument): readonly string[] => {
  const name = `${argument.name()}${argument.variadic ? "..." : ""}`;
  return [
    code(argument.required ? `<${name}>` : `[${name}]`),
    choicesAnd(argument.description, argument.argChoices, undefined),
  ];
};

const optionRow = (option: Option): readonly string[] => [
  code(option.flags),
  choicesAnd(option.description, option.argChoices, option.negate ? undefined : option.defaultValue) +
    (option.mandatory ? "; required" : ""),
];

const section = ({ names, command }: Verb): string => {
  const rows = [
    ...command.registeredArguments.map(argumentRow),
    ...command.options.filter(({ hidden }) => !hidden).map(optionRow),
  ];
  const usage = command.usage().replace("[options]", "").trim();
  return [
    `## ${names}`,
    code(`sluice ${names}${usage === "" ? "" : ` ${usage}`}`),
    described(command),
    ...(rows.length === 0 ? [] : [table(["", "is"], rows)]),
  ].join("\n\n");
};

const exitCodeRows = (): readonly (readonly string[])[] => {
  const comments = commentsIn("engine/app/cli.ts");
  return Object.entries(exitCodes).map(([name, number]) => [String(number), comments.get(name) ?? ""]);
};

/** The page. */
export const commandsPage = async (): Promise<string> => {
  const root = await program(app);
  const verbs = root.commands.flatMap((command) => verbsOf(command, []));
  const list = verbs.map(({ names, command }) => [
    `[${code(names)}](#${names.replaceAll(" ", "-")})`,
    command.summary() || command.description(),
  ]);
  return `# Commands

${madeFrom("the command line")}

In this repository a command is \`npm run sluice -- <command>\`, or \`bin/sluice <command>\` with a Node of 22.18 or newer. Each takes
\`--help\`, and \`--verbose\`, which shows the stack of an unexpected error. With \`--json\` stdout is one document, \`sluice/v1\`, also where
the command fails; what is for people goes to stderr.

${table(["command", "does"], list)}

## Exit codes

${table(["code", "means"], exitCodeRows())}

${verbs.map(section).join("\n\n")}
`;
};
