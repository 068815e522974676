/** Pieces of Markdown that the pages are made of. */

/** Text as code. */
export const code = (text: string | number): string => `\`${text}\``;

/** A table, without a line break at its end. */
export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => "---"), ...rows].map((row) => `| ${row.map(cell).join(" | ")} |`).join("\n");

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");

/** The sentence under a page's title. */
export const madeFrom = (what: string): string =>
  `Made from ${what} by \`npm run reference\`; a test compares the two.`;
