/** What is declared, deployed and live: what applying would change, graphs that differ, and schemas with who reads them. */
import type { ChangeDocument, DrawingDocument, GraphDocument, PlanDocument, SubjectDocument } from "../../documents.ts";
import { useAnswer } from "../ask.ts";
import { StillDrawing } from "../drawing.ts";
import { counted } from "../formats.ts";
import { html, type View } from "../html.ts";
import { Answered, Failure, Panel, Pill, Table, type Tone } from "../parts.ts";

/** The page. It looks when it is opened, and when it is asked to. */
export const PlanPage = (): View => {
  const answer = useAnswer<PlanDocument>("/api/plan");
  return html`<div>
    <h1>Plan</h1>
    <${Answered} answer=${answer}>${(plan: PlanDocument) => html`<div>
      <${Changes} plan=${plan} again=${answer.again} />
      ${plan.graphs.map((graph) => html`<${Graph} key=${graph.topology} graph=${graph} same=${sameText(plan, graph.topology)} />`)}
      <${Subjects} subjects=${plan.subjects} />
    </div>`}<//>
  </div>`;
};

const tones: Readonly<Record<ChangeDocument["kind"], Tone>> = { new: "good", change: "info", drift: "warn" };

const Changes = ({ plan, again }: { readonly plan: PlanDocument; readonly again: () => void }): View => {
  const { clusterId, changes, refusals, foreign, next } = plan;
  return html`<${Panel} title="What applying would change" aside=${[
    html`<span>cluster <code>${clusterId}</code>, ${deploymentOf(plan)}</span>`,
    html`<button type="button" onClick=${again}>Look again</button>`,
  ]}>
    ${refusals.map((failure) => html`<${Failure} key=${failure.name} failure=${{ ...failure, message: `${failure.name}: ${failure.message}` }} />`)}
    <${Table} label="Changes" rows=${changes} keyOf=${({ area, name, text }: ChangeDocument) => `${area} ${name} ${text}`}
      empty=${html`<span><${Pill} tone="good">nothing to change<//> What is live is what is declared.</span>`}
      columns=${[
        { title: "It is", cell: ({ kind }: ChangeDocument) => html`<${Pill} tone=${tones[kind]}>${kind}<//>` },
        { title: "Of", cell: ({ area }: ChangeDocument) => area },
        { title: "Name", mono: true, cell: ({ name }: ChangeDocument) => name },
        { title: "What", cell: ({ text }: ChangeDocument) => text },
        {
          title: "Risk",
          cell: ({ risk, recordsRemoved }: ChangeDocument) =>
            risk === null
              ? ""
              : html`<${Pill} tone="bad">${recordsRemoved === null ? "" : `${recordsRemoved} `}${risk}<//>`,
        },
      ]} />
    ${
      foreign.length === 0
        ? null
        : html`<p class="pale">${counted(foreign.length, "setting")} that somebody else made of our topics, left as ${foreign.length === 1 ? "it is" : "they are"}: ${foreign.map(({ topic, setting, value }) => `${topic} ${setting} ${value}`).join("; ")}</p>`
    }
    ${changes.length + refusals.length === 0 ? null : html`<p>Next: ${next.map((command) => html`<code>${command}</code> `)}</p>`}
  <//>`;
};

const deploymentOf = ({ recorded, deployment }: PlanDocument): string => {
  if (!recorded) return "deployments are not recorded";
  return deployment === null ? "nothing is deployed" : `deployment ${deployment}`;
};

/** What is known of a graph of which no difference is drawn. */
const sameText = ({ recorded, changes }: PlanDocument, topology: string): string => {
  if (!recorded) return "This application records no deployments: what is declared is what its workers run.";
  const isNew = changes.some(({ area, name, kind }) => area === "graph" && name === topology && kind === "new");
  return isNew ? "It is not deployed yet." : "The deployed graph is the declared one.";
};

const Graph = ({ graph, same }: { readonly graph: GraphDocument; readonly same: string }): View => {
  const { topology, difference, declared, deployed } = graph;
  if (deployed === null || difference === null)
    return html`<${Panel} title=${topology} aside=${html`<span>graph <code>${declared.hash}</code></span>`}>
      <details><summary>${same} Draw it</summary><${StillDrawing} drawing=${declared} /></details>
    <//>`;
  return html`<${Panel} title=${topology} aside=${difference}>
    <h3>Declared, <code>${declared.hash}</code>: what is new is green</h3>
    <${StillDrawing} drawing=${declared} marked=${differing(declared, deployed)} mark="added" />
    <h3>Deployed, <code>${deployed.hash}</code>: what goes is red</h3>
    <${StillDrawing} drawing=${deployed} marked=${differing(deployed, declared)} mark="removed" />
  <//>`;
};

/** What of a drawing is not in the other one: boxes by kind and name, labels by their arrow and what stands on them. */
const differing = (one: DrawingDocument, other: DrawingDocument): ReadonlySet<string> => {
  const there = new Set([...other.labels.map(labelText), ...other.boxes.map(({ kind, name }) => `${kind} ${name}`)]);
  return new Set([
    ...one.labels.filter((label) => !there.has(labelText(label))).map(({ key }) => key),
    ...one.boxes.map(({ kind, name }) => `${kind} ${name}`).filter((name) => !there.has(name)),
  ]);
};

/** Without its place, which another drawing has elsewhere. */
const labelText = ({ key, svg }: DrawingDocument["labels"][number]): string =>
  `${key} ${svg.replaceAll(/<[^>]*>/g, " ")}`;

const Subjects = ({ subjects }: { readonly subjects: readonly SubjectDocument[] }): View =>
  html`<${Panel} title="Schemas and who reads them">
    <${Table} label="Schemas" rows=${subjects} keyOf=${({ subject }: SubjectDocument) => subject} empty="No topic is declared."
      columns=${[
        { title: "Subject", mono: true, cell: ({ subject }: SubjectDocument) => subject },
        {
          title: "Versions",
          cell: ({ versions }: SubjectDocument) => versions.map((version) => `v${version}`).join(", ") || "none",
        },
        {
          title: "Declared",
          cell: ({ declaredAs }: SubjectDocument) =>
            declaredAs === null ? html`<${Pill} tone="warn">not yet<//>` : `v${declaredAs}`,
        },
        { title: "Level", cell: ({ level }: SubjectDocument) => level ?? "not set" },
        { title: "Read by", cell: ({ readers }: SubjectDocument) => readers.join(", ") || "-" },
        { title: "Written by", cell: ({ writers }: SubjectDocument) => writers.join(", ") || "-" },
      ]} />
  <//>`;
