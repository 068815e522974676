/** The Korean README says what the English one says, as far as a program can tell: commands, sections, tables and links. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { blocksOf, linksOf, type Page, readPage } from "../../testing/documents.ts";
import { commandsOf } from "../../testing/shell-lines.ts";

const [english, korean] = [readPage("README.md"), readPage("README.ko.md")];

const commands = (page: Page) =>
  blocksOf(page)
    .filter(({ language }) => language === "sh")
    .map(({ text }) => commandsOf(text));
const shown = (page: Page) =>
  blocksOf(page)
    .filter(({ language }) => language === "text")
    .map(({ text }) => text);
const inText = ({ text }: Page) =>
  [...text.matchAll(/`((?:npm|docker|apt-get) [^`]+)`/g)].map(([, command]) => command);
const shape = ({ text }: Page) => [...text.matchAll(/^(#+|\|)/gm)].map(([, mark]) => mark);

test("README: has the same commands, in blocks and in the text, in both languages", () => {
  assert.deepEqual(commands(korean), commands(english));
  assert.deepEqual(inText(korean), inText(english));
  assert.ok(inText(english).length > 4);
});

test("README: has the same sections, tables and output in both languages", () => {
  assert.deepEqual(shape(korean), shape(english));
  assert.deepEqual(shown(korean), shown(english));
});

test("README: leads to the same pages in both languages, which name each other", () => {
  const links = (page: Page, other: string) => linksOf(page).filter((link) => link !== other);
  assert.deepEqual(links(korean, "README.md"), links(english, "README.ko.md"));
});
