/** A plan as lines for people, at most 100 columns wide. Pure. */
import { risksOf, type Change } from "../../deploy/plan/change.ts";
import type { Planned } from "../../deploy/run/observe.ts";

/** Lines are no longer than this. */
const width = 100;
const nameWidth = 24;
const indent = 12 + nameWidth;

/** Records that a shorter retention removes, by topic. */
export type Losses = ReadonlyMap<string, bigint>;

/** The whole answer of `topology plan`, without the next command. */
export const planLines = (planned: Planned, losses: Losses): readonly string[] => {
  const { plan } = planned;
  const rows = [
    ...plan.changes.map((change) => row(markOf(change), change.area, change.name, textOf(change, losses))),
    ...plan.refusals.map(({ area, name, text }) => row("x", area, name, `${text}   REFUSED`)),
    ...plan.foreign.map(({ topic, setting, value }) =>
      row(" ", "topic", topic, `${setting} ${value} is not declared: left as it is`),
    ),
  ];
  return [headOf(planned), "", ...rows.flat(), ...(rows.length === 0 ? [] : [""]), summaryOf(planned)];
};

/** For people, where the application has no store of deployments. */
export const notRecorded = "deployments are not recorded";

const headOf = ({ live, applied, plan: { recorded } }: Planned): string => {
  const none = recorded ? "nothing is deployed" : notRecorded;
  const last = applied === undefined ? none : `deployed ${applied.number} by ${applied.actor}`;
  const same = applied !== undefined && applied.clusterId === live.clusterId ? " (as recorded)" : "";
  return `cluster ${live.clusterId}${same}   ${last}`;
};

const markOf = ({ kind }: Change): string => ({ new: "+", change: "~", drift: "!" })[kind];

const textOf = ({ text, risk, removesOlderThanMs, name }: Change, losses: Losses): string => {
  if (risk === undefined) return text;
  const lost = removesOlderThanMs === undefined ? undefined : losses.get(name);
  return `${text}   RISKY  ${lost === undefined ? risk : `${lost.toLocaleString("en-US")} ${risk}`}`;
};

const row = (mark: string, area: string, name: string, text: string): readonly string[] => {
  const head = `${mark}  ${area.padEnd(8)} ${name.padEnd(nameWidth - 1)} `;
  const [first = "", ...rest] = wrapped(text, width - Math.max(indent, head.length));
  return [`${head}${first}`.trimEnd(), ...rest.map((line) => `${" ".repeat(indent)}${line}`)];
};

/** Breaks between words; a word that is longer than a line has a line of its own. */
const wrapped = (text: string, columns: number): readonly string[] => {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > columns) {
      lines.push(line.trimEnd());
      line = "";
    }
    line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line.trimEnd()].filter((one) => one !== "");
};

const summaryOf = ({ plan: { changes, refusals } }: Planned): string => {
  if (changes.length === 0 && refusals.length === 0) return "Nothing to change.";
  const of = (kind: Change["kind"]) => changes.filter((change) => change.kind === kind).length;
  const risky = changes.filter(({ risk }) => risk !== undefined).length;
  const changed = of("change");
  const counts = [
    `${of("new")} new`,
    `${changed} change${changed === 1 ? "" : "s"}`,
    `${of("drift")} drift`,
    `${risky} risky`,
    `${refusals.length} refused`,
  ];
  return `${counts.filter((count) => !count.startsWith("0 ")).join(", ")}.`;
};

/** The command that makes sense after a plan, or what has to be done first. */
export const nextAfterPlan = ({ plan }: Planned): readonly string[] => {
  if (plan.refusals.length > 0) return [...new Set(plan.refusals.map(({ fix }) => fix))];
  if (plan.changes.length === 0) return ["sluice topology status"];
  return [["sluice topology apply", ...risksOf(plan).map((name) => `--confirm ${name}`)].join(" ")];
};
