/** What a server asks for by `Retry-After`: so many seconds, or a date (RFC 9110, 10.2.3). */

/** No server makes us wait longer: a mistake in a header must not stop deliveries for a day. */
export const retryAfterMaxMs = 60_000;

const httpDate = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/**
 * How long to wait, in ms, from 0 to 60,000; undefined where the header is absent, is given twice, or says nothing that
 * the RFC allows. `nowMs` is the time of day, epoch ms: a date is only as good as the two clocks agree.
 */
export const retryAfterMs = (header: string | readonly string[] | undefined, nowMs: number): number | undefined => {
  if (typeof header !== "string") return undefined;
  const text = header.trim();
  if (/^\d{1,9}$/.test(text)) return Math.min(Number(text) * 1_000, retryAfterMaxMs);
  if (!httpDate.test(text)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.min(Math.max(at - nowMs, 0), retryAfterMaxMs);
};
