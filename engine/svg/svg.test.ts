/** Elements, the width of text, and whole pictures. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { element, escapeXml, textElement } from "./element.ts";
import { drawPicture } from "./picture.ts";
import { textWidth, wrapText } from "./text-width.ts";

test("element: escapes what it is given, and rounds numbers to a tenth, when they are written", () => {
  const attributes = { class: 'a"b', x: 1 / 3, y: -0, z: undefined };
  assert.equal(element("rect", attributes), '<rect class="a&quot;b" x="0.3" y="0"/>');
  assert.equal(textElement("text", {}, "</text><script>&"), "<text>&lt;/text&gt;&lt;script&gt;&amp;</text>");
});

test("escapeXml: replaces what XML has no character for when a name holds it", () => {
  assert.equal(escapeXml("a\u0000b\u001Bc\uFFFFd\uD800e\tf"), "a\uFFFDb\uFFFDc\uFFFDd\uFFFDe\tf");
});

test("textWidth: counts two columns when a character is a wide one", () => {
  assert.equal(textWidth("쿠폰", 10), textWidth("four", 10));
});

test("wrapText: breaks at spaces, and words that are longer than a line, when text is long", () => {
  assert.deepEqual(wrapText("one two three", 7), ["one two", "three"]);
  assert.deepEqual(wrapText("abcdefghij kl", 4), ["abcd", "efgh", "ij", "kl"]);
  assert.deepEqual(wrapText("쿠폰발급", 5), ["쿠폰", "발급"]);
  assert.deepEqual(wrapText("", 5), [""]);
  assert.throws(() => wrapText("a", 1), RangeError);
});

test("drawPicture: has each colour twice, for light and for dark, and says what it shows, when it is drawn", () => {
  const looks = [{ class: "box", fill: ["#111111", "#eeeeee"] as const, css: "stroke-width: 2" }];
  const text = drawPicture({ width: 10.2, height: 5, title: "T<", description: "d & e", looks, children: ["<g/>"] });
  assert.match(text, /^<svg [^>]*viewBox="0 0 11 5"[^>]*role="img"/);
  assert.match(text, /<title>T&lt;<\/title>\n<desc>d &amp; e<\/desc>/);
  assert.match(text, /\n\.box \{ fill: #111111; stroke-width: 2 \}\n/);
  assert.match(text, /@media \(prefers-color-scheme: dark\) \{[^@]*\.box \{ fill: #eeeeee \}/);
  assert.match(text, /<g\/>\n<\/svg>\n$/);
});
