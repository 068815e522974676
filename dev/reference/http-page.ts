/** docs/reference/http.md, made from the OpenAPI document that the API serves. */
import { problemTypes } from "../../api/http/problems/problems.ts";
// Not a test: the fakes stand for stores that nobody asks while the API describes itself.
import { testApi } from "../../api/testing/testing-api.ts";
import { code, madeFrom, table } from "./markdown.ts";

/** What the page reads of the document; api/http/openapi.test.ts holds the document to it. */
interface Operation {
  readonly summary: string;
  readonly description?: string;
  readonly security?: readonly unknown[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly description?: string;
  }[];
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: object }>>;
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

const parametersOf = ({ parameters = [] }: Operation): readonly string[] =>
  parameters.length === 0
    ? []
    : [
        table(
          ["parameter", "in", ""],
          parameters.map(({ name, in: place, required, description }) => [
            code(name),
            place,
            [required ? "required" : "", description ?? ""].filter((text) => text !== "").join("; "),
          ]),
        ),
      ];

const section = (path: string, method: string, operation: Operation): string =>
  [
    `## ${method.toUpperCase()} ${path}`,
    [operation.summary, operation.description ?? "", operation.security === undefined ? "" : "Needs a bearer token."]
      .filter((text) => text !== "")
      .map((text) => (text.endsWith(".") ? text : `${text}.`))
      .join(" "),
    ...parametersOf(operation),
    table(
      ["status", "means"],
      Object.entries(operation.responses).map(([status, { description }]) => [status, linked(description)]),
    ),
  ].join("\n\n");

/** Names of problems lead to their sections. */
const linked = (text: string): string =>
  text.replaceAll(/`([a-z-]+)`/g, (shown, name: string) => (name in problemTypes ? `[${shown}](#${name})` : shown));

const problemSection = ([name, { status, title }]: readonly [
  string,
  { readonly status: number; readonly title: string },
]): string => `### ${name}\n\n\`${status}\`: ${title}.`;

/** The page. */
export const httpPage = async (): Promise<string> => {
  const { app } = testApi();
  const document = (await app.inject("/openapi.json")).json<Document>();
  await app.close();
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => section(path, method, operation)),
  );
  return `# HTTP

${madeFrom("the OpenAPI document")}

The document itself, with the schemas of bodies, is what a running API answers to \`GET /openapi.json\`. What is promised of a reservation and a payment: [api](../../api/README.md), [payments](../payments.md#what-is-answered).

${operations.join("\n\n")}

## Problems

Every error is a document of \`application/problem+json\` (RFC 9457) with \`type\`, \`title\`, \`status\`, \`detail\` and \`instance\`. Its type is
\`/problems/<name>\` with one of these names; it never changes its meaning, and clients tell problems apart by nothing else. It leads to
what it means: the API answers \`GET /problems/<name>\`, without a token.

${Object.entries(problemTypes).map(problemSection).join("\n\n")}
`;
};
