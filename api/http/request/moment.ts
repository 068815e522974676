/** Moments as text: RFC 3339 with a time zone, to the millisecond. */

/** What a moment must look like; that its day exists is checked by {@link momentFrom}. */
export const momentPattern =
  "^[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:[.][0-9]{1,3})?(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])$";

const moment = new RegExp(momentPattern);

/** The epoch ms of a moment from 1970 to 9999, or undefined where the text is none. No leap seconds, no 24 o'clock. */
export const momentFrom = (text: unknown): number | undefined => {
  if (typeof text !== "string" || !moment.test(text)) return undefined;
  // The engine's parser rolls 30 February over to March, so the day is checked by itself.
  const day = text.slice(0, 10);
  const dayAt = Date.parse(`${day}T00:00:00Z`);
  if (Number.isNaN(dayAt) || textOfMoment(dayAt).slice(0, 10) !== day) return undefined;
  const at = Date.parse(text);
  return at >= 0 && at <= lastAt ? at : undefined;
};

/** 9999-12-31T23:59:59.999Z: the last one with a year of four digits. */
const lastAt = 253_402_300_799_999;

/** A moment in UTC, such as `2027-01-01T03:00:00.000Z`. */
export const textOfMoment = (at: number): string => new Date(at).toISOString();
