/** Where an axis is marked, and how its numbers are written. */

/** From a number to a place, in px; and what is marked. */
export interface Scale {
  readonly at: (value: number) => number;
  readonly ticks: readonly number[];
}

/** About so many steps an axis has. */
const wanted = 5;

/** Steps that people count in, by powers of ten. */
const steps = [1, 2, 5, 10];

/**
 * From 0 to a round number that is at least `most`, in about five steps. Where nothing is more than 0 the axis ends at 1.
 * @throws RangeError where `most` is negative or no number.
 */
export const linearScale = (most: number, from: number, to: number): Scale => {
  if (!Number.isFinite(most) || most < 0) throw new RangeError(`an axis cannot end at ${most}`);
  const end = most === 0 ? 1 : most;
  const power = 10 ** Math.floor(Math.log10(end / wanted));
  const step = power * (steps.find((one) => one * power * wanted >= end) ?? 10);
  const count = Math.ceil(end / step - 1e-9);
  const ticks = Array.from({ length: count + 1 }, (_, n) => Math.round((n * step) / power) * power);
  const top = count * step;
  return { at: (value) => from + ((to - from) * value) / top, ticks };
};

/**
 * By powers of ten, from that at or below `least` to that at or above `most`.
 * @throws RangeError where one of them is not more than 0.
 */
export const logScale = (least: number, most: number, from: number, to: number): Scale => {
  if (!(least > 0) || !(most >= least))
    throw new RangeError(`an axis by powers of ten cannot go from ${least} to ${most}`);
  const [first, last] = [Math.floor(Math.log10(least) + 1e-9), Math.ceil(Math.log10(most) - 1e-9)];
  const length = Math.max(1, last - first);
  return {
    at: (value) => from + ((to - from) * (Math.log10(value) - first)) / length,
    ticks: Array.from({ length: length + 1 }, (_, n) => 10 ** (first + n)),
  };
};

/** A number as people read it: thousands apart, three figures where it is small. */
export const numberWords = (value: number): string => {
  if (value >= 100 || Number.isInteger(value)) return Math.round(value).toLocaleString("en-US");
  return String(Number(value.toPrecision(3)));
};
