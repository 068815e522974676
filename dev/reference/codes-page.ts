/** docs/reference/codes.md, made from the table of error codes. Pure. */
import { type CodeSection, codeSections } from "../../ops/error-codes.ts";
import { code, madeFrom } from "./markdown.ts";

const section = ({ title, about, codes }: CodeSection): string => {
  const entries = Object.entries(codes);
  // Codes without words of their own are only listed.
  const listed = entries
    .filter(([, means]) => means === "")
    .map(([name]) => `<a id="${name.toLowerCase()}"></a>${code(name)}`);
  return [
    `## ${title}`,
    about,
    ...(listed.length > 0 ? [`${listed.join(", ")}.`] : []),
    ...entries.filter(([, means]) => means !== "").map(([name, means]) => `### ${name}\n\n${means}`),
  ].join("\n\n");
};

/** The page. */
export const codesPage = (): string => `# Error codes

${madeFrom("the table of error codes")}

A code is for scripts, alerts and this page; the message beside it names what, and the command that goes on. Messages of commands lead
here. Problems of HTTP have names of their own: [HTTP](http.md#problems).

${codeSections.map(section).join("\n\n")}
`;
