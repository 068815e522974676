/** Axes, bars and lines. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { drawBarChart } from "./bar-chart.ts";
import { drawLineChart, type LineChart } from "./line-chart.ts";
import { linearScale, logScale, numberWords } from "./ticks.ts";

test("linearScale: ends at a round number, and marks steps of 1, 2 or 5, when it has to hold any", () => {
  const cases: readonly (readonly [number, readonly number[]])[] = [
    [0, [0, 0.2, 0.4, 0.6, 0.8, 1]],
    [1, [0, 0.2, 0.4, 0.6, 0.8, 1]],
    [9.9, [0, 2, 4, 6, 8, 10]],
    [10.2, [0, 5, 10, 15]],
    [57_529, [0, 20_000, 40_000, 60_000]],
  ];
  for (const [most, ticks] of cases) {
    const scale = linearScale(most, 0, 100);
    assert.deepEqual(
      scale.ticks.map((tick) => Number(tick.toFixed(9))),
      ticks,
      String(most),
    );
    assert.equal(scale.at(0), 0);
    assert.ok(Math.abs(scale.at(ticks.at(-1) ?? 0) - 100) < 1e-6);
  }
  assert.throws(() => linearScale(Number.NaN, 0, 1), RangeError);
  assert.throws(() => linearScale(-1, 0, 1), RangeError);
});

test("logScale: marks powers of ten around what it has to hold when it is drawn", () => {
  const scale = logScale(1, 10_000, 0, 400);
  assert.deepEqual(scale.ticks, [1, 10, 100, 1_000, 10_000]);
  assert.equal(scale.at(100), 200);
  assert.deepEqual(logScale(10, 10, 0, 1).ticks, [10, 100]);
  assert.throws(() => logScale(0, 10, 0, 1), RangeError);
});

test("numberWords: sets thousands apart, and keeps three figures, when a number is small", () => {
  assert.deepEqual([57_529, 1_000, 12.345, 0.07, 5, 0].map(numberWords), ["57,529", "1,000", "12.3", "0.07", "5", "0"]);
});

test("drawBarChart: writes each name and value, and marks a limit, when it is drawn", () => {
  const bars = [
    { name: "kill", value: 7.5, limit: 8 },
    { name: "<away>", value: 0 },
  ];
  const text = drawBarChart({ title: "T", note: "N", unit: " s", bars });
  for (const word of [">kill<", ">7.5 s<", ">&lt;away&gt;<", ">0 s<"]) assert.ok(text.includes(word), word);
  assert.equal(text.match(/class="limit"/g)?.length, 1);
  assert.doesNotMatch(text, /NaN|Infinity|undefined/);
});

test("drawBarChart: draws its axis when there are no bars", () => {
  assert.doesNotMatch(drawBarChart({ title: "T", note: "N", unit: "", bars: [] }), /NaN|Infinity/);
});

const chart: LineChart = {
  title: "T",
  note: "N",
  across: "coupons",
  byTens: true,
  series: [
    {
      name: "ours",
      values: true,
      points: [
        { x: 1, y: 40 },
        { x: 1_000, y: 50 },
      ],
    },
    {
      name: "theirs",
      points: [
        { x: 1, y: 49 },
        { x: 1_000, y: 49 },
      ],
    },
  ],
};

test("drawLineChart: names each series where it ends, and writes its values, when it is drawn", () => {
  const text = drawLineChart(chart);
  assert.match(text, /<desc>N\nours: 40 at 1, 50 at 1,000\ntheirs: 49 at 1, 49 at 1,000\nBy coupons<\/desc>/);
  const heights = [...text.matchAll(/class="point-\d" x="[\d.]+" y="([\d.]+)" font-size="12">/g)].map(([, y]) =>
    Number(y),
  );
  assert.equal(heights.length, 2);
  assert.ok(Math.abs((heights[0] ?? 0) - (heights[1] ?? 0)) >= 16, "names do not stand on each other");
  assert.doesNotMatch(text, /NaN|Infinity|undefined/);
});

test("drawLineChart: is refused when there is nothing to draw, or too much", () => {
  assert.throws(() => drawLineChart({ ...chart, series: [] }), /shows nothing/);
  const five = Array.from({ length: 5 }, (_, n) => ({ name: String(n), points: [{ x: 1, y: 1 }] }));
  assert.throws(() => drawLineChart({ ...chart, series: five }), /told apart/);
});

test("line chart: keeps the value of its highest point below the head when that point is at the top of the axis", () => {
  const points = [
    { x: 1, y: 5 },
    { x: 2, y: 10 },
  ];
  const words = { title: "Some", note: "a note of the chart", across: "things" };
  const svg = drawLineChart({ ...words, series: [{ name: "all", values: true, points }] });
  const highest = (text: string): number =>
    Math.min(...[...svg.matchAll(new RegExp(`y="([\\d.]+)"[^>]*>${text}<`, "g"))].map(([, y]) => Number(y)));
  assert.ok(highest("10") - highest(words.note) >= 11, svg);
});
