/** What an error code means: where the codes of failures lead. */
import type { CodeDocument } from "../../documents.ts";
import { useAnswer } from "../ask.ts";
import { type ComponentChildren, html, type View } from "../html.ts";
import type { PageProps } from "../page.ts";
import { Answered, Panel } from "../parts.ts";

/** The page: `/codes/<code>`. */
export const CodePage = ({ rest: [code = ""] }: PageProps): View => {
  const answer = useAnswer<CodeDocument>(`/api/code?${new URLSearchParams({ code })}`);
  return html`<div>
    <h1>${code}</h1>
    <${Answered} answer=${answer}>${({ at, means }: CodeDocument) => html`<${Panel} title="What it means">
      ${means === null ? null : html`<p>${worded(means)}</p>`}
      <p class="pale">In the documents: <code>${at}</code></p>
    <//>`}<//>
  </div>`;
};

/** Markdown of one paragraph: code stands as code, and of a link what it is called, for the documents are not served here. */
const worded = (text: string): ComponentChildren =>
  text
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .split("`")
    .map((part, at) => (at % 2 === 1 ? html`<code>${part}</code>` : part));
