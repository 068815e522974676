/** What an expression of PromQL names: metrics, and the labels of each. Parsed by Prometheus' own grammar. Pure. */
import type { SyntaxNode } from "@lezer/common";
import { parser } from "@prometheus-io/lezer-promql";

/** A label that a metric is selected by: `status=~"5.."`. */
export interface Matcher {
  readonly label: string;
  /** `=`, `=~`, `!=` or `!~`. */
  readonly op: string;
  readonly value: string;
}

/** A metric that an expression selects. */
export interface Selected {
  readonly name: string;
  readonly matchers: readonly Matcher[];
}

/** What an expression names. */
export interface Named {
  readonly selected: readonly Selected[];
  /** Labels that series are grouped or joined by. */
  readonly grouping: readonly string[];
  /** Labels that the expression itself makes, by `label_replace`. */
  readonly made: readonly string[];
}

/** Grafana's own variables, replaced by something that Prometheus reads: a duration of 5 minutes, or any name. */
export const withoutVariables = (expr: string): string =>
  expr.replaceAll(/\$(__rate_interval|__range|__interval)\b/g, "5m").replaceAll(/\$\{?\w+(:\w+)?\}?/g, "x");

/** Reads an expression without variables. @throws SyntaxError with the place where it is none. */
export const namedIn = (expr: string): Named => {
  const selected: Selected[] = [];
  const grouping: string[] = [];
  const made: string[] = [];
  const textOf: TextOf = ({ from, to }) => expr.slice(from, to);
  parser.parse(expr).iterate({
    enter: ({ type, node }) => {
      if (type.isError) throw new SyntaxError(`at ${node.from}: ${expr.slice(node.from) || "the end"}`);
      if (type.name === "VectorSelector") selected.push(selectorOf(node, textOf));
      if (type.name === "GroupingLabels") grouping.push(...nodesUnder(node, "LabelName").map(textOf));
      if (type.name === "FunctionCall" && textOf(node).startsWith("label_replace"))
        made.push(
          ...nodesUnder(node, "StringLiteral").filter(isArgumentOf(node)).map(textOf).map(unquoted).slice(0, 1),
        );
    },
  });
  return { selected, grouping, made };
};

type TextOf = (node: Pick<SyntaxNode, "from" | "to">) => string;

const selectorOf = (node: SyntaxNode, textOf: TextOf): Selected => {
  const name = node.getChild("Identifier");
  if (name === null) throw new SyntaxError(`a selector without a name: ${textOf(node)}`);
  const matchers = nodesUnder(node, "UnquotedLabelMatcher").map((matcher) => {
    const [label, op, value] = ["LabelName", "MatchOp", "StringLiteral"].map((part) => {
      const own = matcher.getChild(part);
      return own === null ? "" : textOf(own);
    });
    return { label: label ?? "", op: op ?? "", value: unquoted(value ?? "") };
  });
  return { name: textOf(name), matchers };
};

/** A string as PromQL writes it: in double quotes its escapes are JSON's. */
const unquoted = (text: string): string => (text.startsWith('"') ? String(JSON.parse(text)) : text.slice(1, -1));

const nodesUnder = (node: SyntaxNode, name: string): readonly SyntaxNode[] => {
  const found: SyntaxNode[] = [];
  node.cursor().iterate((at) => {
    if (at.type.name === name) found.push(at.node);
  });
  return found;
};

/** Whether a literal is an argument of this call, not of one inside it. */
const isArgumentOf =
  (call: SyntaxNode) =>
  ({ parent }: SyntaxNode): boolean =>
    parent?.type.name === "FunctionCallBody" && parent.parent?.from === call.from && parent.parent.to === call.to;
