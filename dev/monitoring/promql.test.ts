/** Reading an expression: what it names, and where it is none. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { namedIn, withoutVariables } from "./promql.ts";

test("expression: names its metrics with their matchers", () => {
  const { selected } = namedIn('sum(rate(a_total{x="1", y=~"2..", z!="it\\"s"}[5m])) / on (x) group_left (w) b:c');
  assert.deepEqual(selected, [
    {
      name: "a_total",
      matchers: [
        { label: "x", op: "=", value: "1" },
        { label: "y", op: "=~", value: "2.." },
        { label: "z", op: "!=", value: 'it"s' },
      ],
    },
    { name: "b:c", matchers: [] },
  ]);
});

test("expression: names the labels it groups and joins by, and those that it makes itself", () => {
  const { grouping, made } = namedIn(
    'sum by (a, b) (x) * on (c) group_left (d) label_replace(label_replace(y, "e", "$1", "f", "(.*)"), "g", "", "", "")',
  );
  assert.deepEqual(grouping, ["a", "b", "c", "d"]);
  assert.deepEqual(made.toSorted(), ["e", "g"]);
});

for (const broken of ["sum(rate(x[5m])", "sum(x) by", 'x{a="1"', "x +", "rate(x[])", '{a="1"}'])
  test(`expression: is refused with its place when it is ${broken}`, () => {
    assert.throws(() => namedIn(broken), SyntaxError);
  });

test("expression: is read as Prometheus gets it when Grafana's variables are in it", () => {
  assert.equal(
    withoutVariables('rate(x{a="$topology", b=~"$instance"}[$__rate_interval])'),
    'rate(x{a="x", b=~"x"}[5m])',
  );
});
