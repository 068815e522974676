/** The commands of the pages are there: ours with the options and arguments that they are given, npm's among the scripts. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Command } from "commander";
import { scripts as writtenByInit } from "../../../engine/app/commands/init.ts";
import { program } from "../../../engine/app/program.ts";
import packageJson from "../../../package.json" with { type: "json" };
import { app } from "../../../sluice.config.ts";
import { allPages, blocksOf } from "../../testing/documents.ts";
import { commandsOf, type Words } from "../../testing/shell-lines.ts";

const pages = allPages();
const inBlocks = pages.flatMap((page) =>
  blocksOf(page)
    .filter(({ language }) => language === "sh")
    .flatMap(({ text, line }) => commandsOf(text).map((words) => ({ words, where: `${page.file}:${line}` })))
    .map(({ words, where }) => ({ words: withDeclared(words, page.text), where })),
);

/** A topology that the page itself declares is one that there is. */
function withDeclared(words: Words, text: string): Words {
  const [, declared] = /^ *\+.*defineTopology\(\n *\+ *"([a-z-]+)"/m.exec(text) ?? [];
  return words.map((word) => (word === declared ? "coupon-issuing" : word));
}

/** What else the pages call: tools of the shell, of the services, and of those who run them. */
const others = new Set([
  ...["amtool", "cd", "chmod", "curl", "docker", "eval", "export", "kafka-consumer-groups", "kubectl", "mariadb"],
  ...["mariadb-dump", "mkdir", "mv", "npx", "openssl", "promtool", "redis-cli", "test"],
]);

/** Our command line of what a command starts; undefined where it starts none of ours. */
const oursOf = ([first, ...rest]: Words): Words | undefined => {
  if (first === "sluice" || first?.endsWith("/bin/sluice")) return rest;
  if (first === "npx" && rest[0] === "sluice") return rest.slice(1);
  if (first !== "npm") return undefined;
  const [verb, ...further] = rest.filter((word) => word !== "-s");
  const given = further.includes("--") ? further.slice(further.indexOf("--") + 1) : [];
  if (verb === "start") return ["demo", ...given];
  return { sluice: given, bench: ["bench", ...given] }[verb === "run" ? (further[0] ?? "") : ""];
};

/** The command that words name, and what is left of them. */
const leafOf = (command: Command, words: Words): readonly [Command, Words] => {
  const child = command.commands.find((one) => one.name() === words[0]);
  return child === undefined ? [command, words] : leafOf(child, words.slice(1));
};

const root = await program(app);

/** @throws Error where commander would refuse it, without running it */
const check = (words: Words): void => {
  const [command, rest] = leafOf(root, words);
  assert.ok(command !== root, `there is no command ${words[0]}`);
  assert.equal(command.commands.length, 0, `${command.name()} needs one of its verbs`);
  const { operands, unknown } = command.parseOptions(rest.filter((word) => word !== "--help"));
  assert.deepEqual(unknown, [], `${command.name()} does not know these`);
  const { registeredArguments: known } = command;
  const many = known.at(-1)?.variadic === true;
  assert.ok(many || operands.length <= known.length, `${command.name()}: too many arguments: ${operands.join(" ")}`);
  assert.ok(
    operands.length >= known.filter(({ required }) => required).length,
    `${command.name()}: an argument is missing`,
  );
  for (const [index, operand] of operands.entries()) {
    const { argChoices } = known[Math.min(index, known.length - 1)] ?? {};
    assert.ok(
      argChoices?.includes(operand) ?? true,
      `${command.name()}: ${operand} is none of ${argChoices?.join(", ")}`,
    );
  }
};

test("documents: every command in a block is there, and takes what it is given", () => {
  let ours = 0;
  for (const { words, where } of inBlocks) {
    const own = oursOf(words);
    if (own !== undefined) {
      ours++;
      assert.doesNotThrow(() => check(own), `${where}: ${words.join(" ")}`);
    } else assert.ok(words[0] === "npm" || others.has(words[0] ?? ""), `${where}: who knows ${words[0]}?`);
  }
  assert.ok(ours > 40, `${ours} of ours`);
});

test("documents: every script of npm in a block is in package.json, or in the one that init writes", () => {
  const scripts = new Set(Object.keys({ ...packageJson.scripts, ...writtenByInit }));
  for (const { words, where } of inBlocks) {
    if (words[0] !== "npm") continue;
    const [verb = "", name = ""] = words.slice(1).filter((word) => word !== "-s");
    if (verb === "run") assert.ok(scripts.has(name), `${where}: ${words.join(" ")}`);
    else assert.match(verb, /^(ci|init|install|pack|start|test)$/, `${where}: ${words.join(" ")}`);
  }
});

/** Commands in running text: they may be cut off, name several verbs (`list|show`) and have `<placeholders>`. */
const inText = pages.flatMap(({ file, text }) =>
  [...text.matchAll(/`sluice ([a-z][^`\n]*)`/g)].map(([, words = ""]) => ({ file, words: words.trim().split(/\s+/) })),
);

test("documents: every command in the text is there, with options that it has", () => {
  for (const { file, words } of inText) {
    for (const alternative of alternatives(words)) {
      const [command] = leafOf(root, alternative);
      assert.ok(command !== root, `${file}: sluice ${words.join(" ")}`);
      const known = new Set([command, root].flatMap(({ options }) => options.map(({ long }) => long)).concat("--help"));
      for (const option of alternative.flatMap((word) => /^\[?(--[a-z-]+)/.exec(word)?.[1] ?? []))
        assert.ok(known.has(option), `${file}: sluice ${words.join(" ")}: there is no ${option}`);
    }
  }
  assert.ok(inText.length > 60, `${inText.length} in the text`);
});

/** `dlq list|show --json` stands for `dlq list --json` and `dlq show --json`. */
const alternatives = (words: Words): readonly Words[] => {
  const at = words.findIndex((word) => /^[a-z-]+(\|[a-z-]+)+$/.test(word));
  if (at < 0) return [words];
  return (words[at] ?? "").split("|").map((word) => words.with(at, word));
};
