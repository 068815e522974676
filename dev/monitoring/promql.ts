/** What an expression of PromQL names: metrics, and the labels of each. Parsed by Prometheus' own grammar. Pure. */
import type { SyntaxNode } from "@lezer/common";
import { parser } from "@prometheus-io/lezer-promql";

/** A metric that an expression selects. */
export interface Selected {
  readonly name: string;
  /** Labels it is selected by. */
  readonly labels: readonly string[];
}

/** What an expression names. */
export interface Named {
  readonly selected: readonly Selected[];
  /** Labels that series are grouped or joined by. */
  readonly grouping: readonly string[];
  /** Labels that the expression itself makes, by `label_replace` and its like. */
  readonly made: readonly string[];
}

/** Grafana's own variables, replaced by something that Prometheus reads: a duration of 5 minutes, any other name. */
export const withoutVariables = (expr: string): string =>
  expr.replaceAll(/\$(__rate_interval|__range|__interval)\b/g, "5m").replaceAll(/\$\{?\w+\}?/g, "x");

/** Reads an expression without variables. @throws SyntaxError with the place where it is none. */
export const namedIn = (expr: string): Named => {
  const selected: Selected[] = [];
  const grouping: string[] = [];
  const made: string[] = [];
  const textOf = ({ from, to }: Pick<SyntaxNode, "from" | "to">): string => expr.slice(from, to);
  parser.parse(expr).iterate({
    enter: ({ type, node }) => {
      if (type.isError) throw new SyntaxError(`at ${node.from}: ${expr.slice(node.from) || "the end"}`);
      if (type.name === "VectorSelector") selected.push(selectorOf(node, textOf));
      if (type.name === "GroupingLabels") grouping.push(...labelsUnder(node, textOf));
      if (type.name === "FunctionCall") made.push(...madeBy(node, textOf));
    },
  });
  return { selected, grouping, made };
};

type TextOf = (node: SyntaxNode) => string;

const selectorOf = (node: SyntaxNode, textOf: TextOf): Selected => {
  const name = node.getChild("Identifier");
  if (name === null) throw new SyntaxError(`a selector without a name: ${textOf(node)}`);
  return { name: textOf(name), labels: labelsUnder(node, textOf) };
};

const labelsUnder = (node: SyntaxNode, textOf: TextOf): readonly string[] => {
  const labels: string[] = [];
  node.cursor().iterate((at) => {
    if (at.type.name === "LabelName") labels.push(textOf(at.node));
  });
  return labels;
};

/** The second argument of `label_replace` is the label that it makes. */
const madeBy = (node: SyntaxNode, textOf: TextOf): readonly string[] => {
  if (!textOf(node).startsWith("label_replace")) return [];
  const labels: string[] = [];
  const own = node.getChild("FunctionCallBody");
  for (let at = own?.firstChild ?? null; at !== null; at = at.nextSibling)
    if (at.type.name === "StringLiteral") labels.push(textOf(at).slice(1, -1));
  return labels.slice(0, 1);
};
