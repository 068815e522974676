/** A line over a quarter of an hour. */
import { useEffect, useRef } from "preact/hooks";
import UPlot from "uplot/dist/uPlot.esm.js";
import { count, moment } from "./formats.ts";
import { html, type View } from "./html.ts";

const colours = (): { readonly line: string; readonly grid: string; readonly text: string } => {
  const style = getComputedStyle(document.documentElement);
  const of = (name: string): string => style.getPropertyValue(name).trim();
  return { line: of("--accent"), grid: of("--line"), text: of("--pale") };
};

/** Values by time, epoch seconds. */
export const Chart = ({
  label,
  at,
  values,
}: {
  readonly label: string;
  readonly at: readonly number[];
  readonly values: readonly number[];
}): View => {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot | null>(null);
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const make = (): void => {
      plot.current?.destroy();
      plot.current = new UPlot(optionsOf(label, element.clientWidth), [[], []], element);
    };
    make();
    const watch = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height: heightPx }));
    watch.observe(element);
    dark.addEventListener("change", make);
    return () => {
      watch.disconnect();
      dark.removeEventListener("change", make);
      plot.current?.destroy();
    };
  }, [label]);
  useEffect(() => plot.current?.setData([[...at], [...values]]), [at, values]);
  const latest = values.at(-1) ?? 0;
  return html`<figure class="chart">
    <figcaption>${label}</figcaption>
    <div ref=${place} role="img" aria-label=${`${label}: ${count(latest)} now`}></div>
  </figure>`;
};

const heightPx = 130;
const rememberedSeconds = 900;

const optionsOf = (label: string, width: number): UPlot.Options => {
  const { line, grid, text } = colours();
  const axis = {
    stroke: text,
    font: "11px system-ui, sans-serif",
    ticks: { show: false },
    grid: { stroke: grid, width: 1 },
  };
  return {
    width,
    height: heightPx,
    legend: { show: false },
    cursor: { show: false },
    scales: {
      // The whole time that is remembered, also where it is not all there yet.
      x: { range: (_, _first, last) => [last - rememberedSeconds, last] },
      y: { range: (_, _low, high) => [0, Math.max(1, high * 1.1)] },
    },
    axes: [
      {
        ...axis,
        space: 70,
        grid: { show: false },
        values: (_, ticks) => ticks.map((tick) => moment(tick * 1_000).slice(11, 16)),
      },
      { ...axis, size: 52, space: 28, values: (_, ticks) => ticks.map((tick) => count(tick)) },
    ],
    series: [{}, { label, stroke: line, width: 1.5, points: { show: false }, fill: `${line}22` }],
  };
};
