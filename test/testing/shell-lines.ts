/** Reads the lines of a shell as far as the pages use it: words, quotes, comments, `$(...)`, and what separates commands. */

/** One command: assignments before it are left out, and so are redirections. */
export type Words = readonly string[];

/** Every command of a text, those of `$(...)` among them. @throws Error where a quote is not closed */
export const commandsOf = (text: string): readonly Words[] => {
  const found: Words[] = [];
  const inner: string[] = [];
  let words: string[] = [];
  const end = (): void => {
    const command = withoutAssignments(withoutRedirections(words));
    if (command.length > 0) found.push(command);
    words = [];
  };
  // A word is what stands between blanks: plain characters, quoted text, and $(...), in any order.
  const token =
    /\\\n|[^\S\n]+|#[^\n]*|&&|\|\||[\n;|&]|(?:'[^']*'|"(?:[^"\\]|\\[\s\S])*"|\$\([^()]*\)|\\[\s\S]|[^\s;|&'"\\])+|./g;
  for (const [part] of text.matchAll(token)) {
    if (/^(\\\n|[^\S\n]+)$/.test(part) || part.startsWith("#")) continue;
    if (/^(&&|\|\||[\n;|&])$/.test(part)) end();
    else if (/^['"]$/.test(part)) throw new Error(`a quote is not closed: ${text}`);
    else {
      for (const [, command = ""] of part.matchAll(/\$\(([^()]*)\)/g)) inner.push(command);
      words.push(
        part.replaceAll(/'([^']*)'|"((?:[^"\\]|\\[\s\S])*)"/g, (_, single = "", double = "") => single + double),
      );
    }
  }
  end();
  return [...found, ...inner.flatMap(commandsOf)];
};

/** `NAME=value` before a command, and lines that are nothing else. */
const withoutAssignments = (words: Words): Words => {
  const first = words.findIndex((word) => !/^[A-Za-z_]\w*=/.test(word));
  return first < 0 ? [] : words.slice(first);
};

const withoutRedirections = (words: Words): Words =>
  words.filter((word, index) => !/^[0-9]*[<>]/.test(word) && !/^[0-9]*[<>]+$/.test(words[index - 1] ?? ""));
