/** Moments as text: RFC 3339 with a time zone, to the millisecond. */
import { z } from "zod";
import { mustBe } from "./must-be.ts";

/** A moment as a client sends it, for an example in the description. */
export const momentExample = "2027-01-01T12:00:00+09:00";

/** 9999-12-31T23:59:59.999Z: the last one with a year of four digits. */
const lastAt = 253_402_300_799_999;
const words = mustBe(`a moment of the years 1970 to 9999 with a time zone, such as ${momentExample}`);

/**
 * A moment as a client sends it, read as epoch ms. No leap seconds, no 24 o'clock; more than three digits of a second are
 * refused and not cut off, because the coupon would be opened with another moment than was sent.
 */
export const momentSchema = z.iso
  .datetime({ offset: true, ...words })
  .refine((text) => !/[.][0-9]{4}/.test(text), words)
  .transform((text) => Date.parse(text))
  .refine((at) => at >= 0 && at <= lastAt, words);

/** A moment in an answer's schema. */
export const momentText = { type: "string", format: "date-time" } as const;

/** A moment in UTC, such as `2027-01-01T03:00:00.000Z`. */
export const textOfMoment = (at: number): string => new Date(at).toISOString();
