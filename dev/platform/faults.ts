/** What the stand-in platform can be set to do wrong. */
import { z } from "zod";

const share = z.number().min(0).max(1).default(0);

/** Strict, so that a misspelt fault is not silently none. What is left out is as it should be. */
const schema = z.strictObject({
  /** `refuse`: nothing listens; `unavailable`: 503 to all; `silent`: requests are taken and never answered. */
  down: z.enum(["no", "refuse", "unavailable", "silent"]).default("no"),
  /** Before each answer, ms. */
  latencyMs: z.number().int().min(0).max(60_000).default(0),
  /** Of requests: answered 503, nothing done. */
  flakyShare: share,
  /** Of requests: answered 429, nothing done. */
  busyShare: share,
  /** Sent with each 429 and 503. */
  retryAfterSeconds: z.number().int().min(0).max(3_600).nullable().default(null),
  /** Of requests: cut before anything is done. */
  cutShare: share,
  /** Of requests: the payment is taken, and the connection cut instead of an answer. */
  loseAnswersShare: share,
  /** To every request: this status, nothing done; null: what it is due. */
  answers: z.number().int().min(300).max(599).nullable().default(null),
  /** Payments of users whose id begins with this are refused for good: 422, nothing done. Empty: of none. */
  refusedUsers: z.string().max(64).default(""),
});

/** What is wrong with the platform now. */
export type Faults = Readonly<z.infer<typeof schema>>;

/** Wrong faults. The message names each: what it is, what was expected, what came. */
export class InvalidFaults extends Error {}

/** Reads faults; everything that is not named is in order. @throws InvalidFaults */
export const readFaults = (value: unknown): Faults => {
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  throw new InvalidFaults(read.error.issues.map((issue) => sentenceOf(issue, value)).join("; "));
};

const sentenceOf = (issue: z.core.$ZodIssue, value: unknown): string => {
  if (issue.code === "unrecognized_keys")
    return `${issue.keys.join(", ")}: expected one of ${Object.keys(schema.shape).join(", ")}`;
  const [name] = issue.path;
  const got = name === undefined ? value : Object(value)[name];
  return `${String(name ?? "faults")}: ${issue.message}, got ${JSON.stringify(got)}`;
};

/** A platform in order. */
export const noFaults: Faults = readFaults({});

/** What becomes of one request. */
export type Fate = "answer" | "fail" | "busy" | "cut" | "loseAnswer" | "silent" | "told";

/** Whether a user's payments are refused for good. */
export const isRefused = ({ refusedUsers }: Faults, userId: string): boolean =>
  refusedUsers !== "" && userId.startsWith(refusedUsers);

/** Draws a request's fate; `random` answers numbers in [0, 1). */
export const fateOf = (faults: Faults, random: () => number): Fate => {
  if (faults.down === "unavailable") return "fail";
  if (faults.down === "silent") return "silent";
  if (faults.answers !== null) return "told";
  if (random() < faults.busyShare) return "busy";
  if (random() < faults.flakyShare) return "fail";
  if (random() < faults.cutShare) return "cut";
  return random() < faults.loseAnswersShare ? "loseAnswer" : "answer";
};
