/** Reads single headers. Anybody may have written them: nothing is assumed of their names, number or bytes. */
import type { Headers, HeaderValue } from "../../log/log.ts";

/** The values of a header, in their order; none where there is no such header. */
export const headerValues = (headers: Headers, name: string): readonly HeaderValue[] => {
  // `__proto__` and the like are names too, so only own ones count.
  if (!Object.hasOwn(headers, name)) return [];
  const value = headers[name];
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value as HeaderValue]; // Narrowing: what is no array is one value.
};

/** The last value as text; undefined where there is none or it is null. */
export const headerText = (headers: Headers, name: string): string | undefined =>
  headerValues(headers, name).at(-1)?.toString();

/** The last value as a number that is written in decimal, 0 to 2^53 - 1. */
export const headerNumber = (headers: Headers, name: string): number | undefined => numberOf(headerText(headers, name));

/** The last time that a date can be, epoch ms (ECMA-262, time values). */
const lastTimeMs = 8_640_000_000_000_000;

/** The last value as a time, epoch ms; undefined where it is none or no date goes so far. */
export const headerTime = (headers: Headers, name: string): number | undefined => {
  const at = headerNumber(headers, name);
  return at !== undefined && at <= lastTimeMs ? at : undefined;
};

/** The last value as an offset that is written in decimal. */
export const headerOffset = (headers: Headers, name: string): bigint | undefined => offsetOf(headerText(headers, name));

/** The number a text is, 0 to 2^53 - 1. */
export const numberOf = (text: string | undefined): number | undefined => {
  const value = text !== undefined && /^\d{1,16}$/.test(text) ? Number(text) : undefined;
  return Number.isSafeInteger(value) ? value : undefined;
};

/** The offset a text is: 0 to 2^53 - 1, as the worker that gets its replay reads it. Kafka's go on to 2^63 - 1; none is near. */
export const offsetOf = (text: string | undefined): bigint | undefined => {
  const offset = numberOf(text);
  return offset === undefined ? undefined : BigInt(offset);
};
