/**
 * Fetches writers' schemas by id, without harm to the registry: ids come from bytes that anybody may have written, and one
 * writer with another registry's ids may write thousands of them.
 */
import pLimit from "p-limit";
import type { AvroJson } from "./avro.ts";
import { RegistryRefused } from "../registry/http.ts";
import { ForeignSchema } from "../registry/foreign-schema.ts";
import type { SchemaSource } from "../registry/registry.ts";

/**
 * What asking for a writer's schema came to. `unavailable`: the registry gave no answer; `refused`: it refuses our
 * credentials; `postponed`: it was not asked, because it was asked for so many others; `awaited`: it has no such id, and may
 * have it later; `unknown`: it has had none for the whole grace.
 */
export type Learned = "known" | "unavailable" | "refused" | "postponed" | "awaited" | "unknown";

/** How a registry is asked for schemas. */
export interface AskingOptions {
  readonly source: SchemaSource;
  /** Milliseconds of any steady clock. */
  readonly now: () => number;
  /**
   * How long unknown ids may still turn up (a registry that lags behind its writers), of a run of them in all: it begins
   * with the first and ends when none was met for this long. One grace for each would hold a partition for hours where a
   * writer has another registry's ids. Default 30,000.
   */
  readonly unknownIdGraceMs?: number;
  /** Least time between two questions for the same unknown id: a 404 is not free. Default 1,000. */
  readonly unknownIdRetryMs?: number;
  /** Questions a second, of a codec's decoders in all. Default 200: 10,000 unknown ids are answered within two minutes. */
  readonly questionsPerSecond?: number;
}

/** Questions in flight, of a codec's decoders in all. */
const maxInFlight = 8;
/** Unknown ids that each decoder remembers: as many as the largest round has records. */
const maxRemembered = 10_000;

/** An answer, or why there is none; `askedAt` is when the question was sent. */
type Answered =
  | { readonly kind: "found"; readonly schema: AvroJson }
  | {
      readonly kind: "none";
      readonly askedAt: number;
      readonly runSince: number;
      /** The subjects it is registered for, all of them other ones. */
      readonly foreign: readonly string[] | undefined;
    }
  | { readonly kind: "away"; readonly why: "unavailable" | "refused" | "postponed" };

/** What the decoders of a codec share: one registry, one bound on what it is asked, one run of unknown ids. */
export interface Asking extends Required<Pick<AskingOptions, "now" | "unknownIdGraceMs" | "unknownIdRetryMs">> {
  /** Asks for a schema of one of these subjects. `again`: no verdict waits for it; such questions get what others leave. */
  readonly ask: (id: number, subjects: readonly string[], again: boolean) => Promise<Answered>;
}

/** Makes it. */
export const createAsking = ({
  source,
  now,
  unknownIdGraceMs = 30_000,
  unknownIdRetryMs = 1_000,
  questionsPerSecond = 200,
}: AskingOptions): Asking => {
  const limit = pLimit(maxInFlight);
  const mayAsk = questionsWithin(questionsPerSecond, now);
  const run = { since: 0, lastAt: Number.NEGATIVE_INFINITY };
  let failures = 0;
  let latest: Answered = { kind: "away", why: "unavailable" };
  const askNow = async (id: number, subjects: readonly string[], askedAt: number): Promise<Answered> => {
    let foreign: readonly string[] | undefined;
    try {
      const schema = await source.schemaOf(id, subjects);
      if (schema instanceof ForeignSchema) foreign = schema.subjects;
      else if (schema !== undefined) return { kind: "found", schema };
    } catch (error) {
      failures += 1;
      latest = { kind: "away", why: error instanceof RegistryRefused ? "refused" : "unavailable" };
      return latest;
    }
    if (askedAt - run.lastAt > unknownIdGraceMs) run.since = askedAt;
    run.lastAt = Math.max(run.lastAt, askedAt);
    return { kind: "none", askedAt, runSince: run.since, foreign };
  };
  const ask: Asking["ask"] = async (id, subjects, again) => {
    if (!mayAsk(again)) return { kind: "away", why: "postponed" };
    const before = failures;
    const askedAt = now();
    // While this one waited its turn the registry went away: each of those that wait would wait for its own time-out.
    return limit(() => (failures > before ? latest : askNow(id, subjects, askedAt)));
  };
  return { now, unknownIdGraceMs, unknownIdRetryMs, ask };
};

/**
 * Whether one more question may be asked now: a bucket that fills evenly, and holds two seconds' worth, because those who
 * wait ask again only every 1.5 s. What is asked again gets a tenth of it, or ids that were never asked would wait for ever.
 */
const questionsWithin = (perSecond: number, now: () => number): ((again: boolean) => boolean) => {
  const most = 2 * perSecond;
  let left = most;
  let at = now();
  return (again) => {
    const moment = now();
    left = Math.min(most, left + ((moment - at) / 1_000) * perSecond);
    at = moment;
    if (left < (again ? 1 + 0.9 * most : 1)) return false;
    left -= 1;
    return true;
  };
};

interface UnknownId {
  readonly since: number;
  readonly askedAt: number;
  readonly foreign: readonly string[] | undefined;
}

/**
 * Grace of an id that is another subject's, ms. It will hardly become this one's: only where its writer has just registered the
 * same schema for both, and the registry lags. Less than the time after which a hold makes a worker unready: one record of
 * somebody else's must not.
 */
const foreignIdGraceMs = 3_000;

/** What a decoder knows of ids. */
export interface Learner {
  /** Never throws. */
  readonly learn: (id: number) => Promise<Learned>;
  /** The subjects that an id was registered for when it was asked for last, where none is this decoder's. */
  readonly registeredFor: (id: number) => readonly string[] | undefined;
}

/** Fetches schemas of some subjects for one decoder, which gets them by `add`; remembers which ids are unknown. */
export const createLearner = (
  { ask, now, unknownIdGraceMs, unknownIdRetryMs }: Asking,
  subjects: readonly string[],
  add: (id: number, writer: AvroJson) => void,
): Learner => {
  const inFlight = new Map<number, Promise<Learned>>();
  const unknown = new Map<number, UnknownId>();
  // By when it was asked, not by when it was heard: a process that was frozen in between has an old answer.
  const verdictOn = (entry: UnknownId): Learned =>
    entry.askedAt - entry.since >= graceOf(entry) ? "unknown" : "awaited";
  const graceOf = ({ foreign }: UnknownId): number =>
    foreign === undefined ? unknownIdGraceMs : Math.min(unknownIdGraceMs, foreignIdGraceMs);
  const learn = async (id: number): Promise<Learned> => {
    const last = unknown.get(id);
    // Before the grace is over no verdict waits for the answer, nor after one that was asked then.
    const again = last !== undefined && (verdictOn(last) === "unknown" || now() - last.since < graceOf(last));
    const answer = await ask(id, subjects, again);
    // Not asked, or not answered: its last answer remains.
    if (answer.kind === "away") return last === undefined ? answer.why : verdictOn(last);
    if (answer.kind === "found") {
      add(id, answer.schema);
      unknown.delete(id);
      return "known";
    }
    const { askedAt, runSince, foreign } = answer;
    const entry = { since: last?.since ?? runSince, askedAt, foreign };
    unknown.delete(id);
    forgetOldest(unknown);
    unknown.set(id, entry);
    return verdictOn(entry);
  };
  const learnOnce = (id: number): Promise<Learned> => {
    const last = unknown.get(id);
    if (last !== undefined && now() - last.askedAt < unknownIdRetryMs) return Promise.resolve(verdictOn(last));
    const running = inFlight.get(id);
    if (running !== undefined) return running;
    const asking = learn(id).finally(() => inFlight.delete(id));
    inFlight.set(id, asking);
    return asking;
  };
  return { learn: learnOnce, registeredFor: (id) => unknown.get(id)?.foreign };
};

/** What is forgotten is asked for again; the grace is of the run, so nothing waits longer for it. */
const forgetOldest = (unknown: Map<number, unknown>): void => {
  const oldest = unknown.keys().next();
  if (unknown.size >= maxRemembered && !oldest.done) unknown.delete(oldest.value);
};
