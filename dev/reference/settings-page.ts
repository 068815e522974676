/** docs/reference/settings.md, made from the schemas of the settings and the comments above them. */
import { z } from "zod";
import { engineSecrets, engineSettings } from "../../engine/app/config/engine-config.ts";
import { shopDevelopmentOnly, shopSecrets, shopVariables } from "../../ops/config.ts";
import { commentsIn } from "./comments.ts";
import { code, madeFrom, table } from "./markdown.ts";

const comments = new Map(
  ["engine-config", "kafka-settings", "registry-settings", "tracing-settings"]
    .map((file) => `engine/app/config/${file}.ts`)
    .concat("ops/config.ts")
    .flatMap((file) => [...commentsIn(file)]),
);
const secrets = new Set([...engineSecrets, ...shopSecrets]);

/** What no setting takes that expects anything. */
const nothingLikeIt = "\u0001";

/** What a setting must look like, in the words of its own mistake. */
const expectedBy = (kind: z.core.$ZodType): string => {
  const [issue] = z.safeParse(kind, nothingLikeIt).error?.issues ?? [];
  if (issue === undefined) return "text";
  if (issue.code === "invalid_value") return issue.values.map((value) => code(String(value))).join(", ");
  return issue.message
    .replace(/^expected /, "")
    .replace(/; in a user or a password .*$/, "")
    .replaceAll(/\d{4,}/g, (digits) => Number(digits).toLocaleString("en-US"));
};

const defaultOf = (name: string, kind: z.core.$ZodType): string => {
  const absent = z.safeParse(kind, undefined);
  if (name in shopDevelopmentOnly) return "required in production";
  if (!absent.success) return "required";
  return absent.data === undefined ? "" : code(String(absent.data));
};

const meaningOf = (name: string): string => {
  const comment = comments.get(name);
  if (comment === undefined) throw new Error(`${name} has no comment that says what it is`);
  return comment.replaceAll(/\bdocs\/([a-z0-9/-]+)\.md/g, "[$1](../$1.md)");
};

const rowsOf = (shape: z.ZodRawShape): readonly (readonly string[])[] =>
  Object.entries(shape).map(([name, kind]) => [
    `<a id="${name.toLowerCase()}"></a>${code(name)}${secrets.has(name) ? " (secret)" : ""}`,
    defaultOf(name, kind),
    expectedBy(kind),
    meaningOf(name),
  ]);

const head = ["variable", "default", "expected", "meaning"];

/** The page. @throws Error where a setting has no comment */
export const settingsPage = (): string => `# Settings

${madeFrom("the schemas of the settings and the comments above them")}

Settings are variables of the environment, validated together when a process starts: a mistake ends it with exit code 2, and all mistakes
are named at once, also those that show only when two settings are compared. An unknown variable that begins with \`SLUICE_\` is one of
them. \`sluice config show\` prints what is in force and where each value is from.

A secret may be given as \`<NAME>_FILE\`, the path of a file that holds it. With \`SLUICE_ENV=production\` every address and secret is
required; in development the stack that is up is found by itself.

## Of every application

${table(head, rowsOf(engineSettings))}

## Of the shop

${table(head, rowsOf(shopVariables))}
`;
