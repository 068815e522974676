/** Elements of SVG as text, with whatever they hold escaped. */

/** Values of an element's attributes; a number is rounded to a tenth of a pixel, and an undefined one is left out. */
export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** An element around children that are elements already. */
export const element = (name: string, attributes: Attributes, ...children: readonly string[]): string => {
  const own = Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [` ${key}="${escapeXml(typeof value === "number" ? numberText(value) : value)}"`],
  );
  const head = `<${name}${own.join("")}`;
  return children.length === 0 ? `${head}/>` : `${head}>${children.join("")}</${name}>`;
};

/** An element around text. */
export const textElement = (name: string, attributes: Attributes, text: string): string =>
  element(name, attributes, escapeXml(text));

/** A number as pictures have it: a tenth of a pixel is finer than anybody sees, and the same on every machine. */
export const numberText = (value: number): string => String(Math.round(value * 10) / 10 + 0);

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** Text as XML has it. What XML has no character for becomes U+FFFD, so that the document is one whatever a name is. */
export const escapeXml = (text: string): string =>
  text
    .toWellFormed()
    .replace(notXml, "\uFFFD")
    .replace(/[&<>"]/g, (character) => entities[character] ?? character);

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is for.
const notXml = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g;
