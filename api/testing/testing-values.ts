/** What fuzz tests send. */
import fc from "fast-check";

/** A lawful coupon or policy id. */
export const lawful = fc.stringMatching(/^[A-Za-z0-9._-]{1,64}$/);
/** Text that has meant something to some parser. */
export const nasty = fc.constantFrom(
  "",
  " ",
  ".",
  "..",
  "../../etc/passwd",
  "' OR 1=1 --",
  "1; DROP TABLE coupon",
  "return redis.call('flushall')",
  "{coupon}:1",
  "*",
  "\u0000",
  "\r\nx: y",
  "\ud800",
  "쿠폰",
  "a".repeat(65),
  "NaN",
  "1e999",
  "9007199254740993",
  "__proto__",
  "constructor",
  "<script>",
  "{{7*7}}",
  "%2e%2e",
  "\u202e",
);
/** Anything JSON can say, and more. */
export const value = fc.oneof(
  lawful,
  nasty,
  fc.string({ unit: "binary", maxLength: 80 }),
  fc.integer(),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc.jsonValue({ maxDepth: 2 }),
);
/** Cases that are tried however slow the machine is, and those that are tried on top within a time, ms. */
const [leastCases, furtherCases, furtherMs] = [25, 225, 2_000];

/** Tries a property with 25 cases at least, and with up to 250 where 2 s are enough for them. @throws Error with the counterexample. */
export const assertHolds = async <T>(property: fc.IAsyncProperty<T>): Promise<void> => {
  await fc.assert(property, { numRuns: leastCases });
  const limit = { interruptAfterTimeLimit: furtherMs, markInterruptAsFailure: false };
  await fc.assert(property, { numRuns: furtherCases, ...limit });
};

/** As a client would put it into a path. */
export const encoded = (text: string): string => encodeURIComponent(text.toWellFormed()).replaceAll(".", "%2E");
