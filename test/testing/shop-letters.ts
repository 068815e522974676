/** Dead letters that a test makes up: two causes, a replay at work and a paused one, and a memory of what an operator did. */
import type { LettersData } from "../../engine/app/console/letters.ts";
import type { AttemptDocument, LetterDocument } from "../../engine/console/documents.ts";
import { CliError } from "../../engine/app/cli.ts";

/** Letters, and what was done about them: `replay coupon-issuing 11 because`. */
export interface ShopLetters extends LettersData {
  readonly done: string[];
}

const minutesAgo = (minutes: number): number => Date.now() - minutes * 60_000;
const wrong = "3f9a1c77e0b24d5a9f00";
const unread = "a41be2d09c7711ee8a21";

const aLetter = (offset: number, over: Partial<LetterDocument> = {}): LetterDocument => ({
  id: `coupon-issue/${offset % 6}/${offset}`,
  ...{ state: "open", attempt: 1, node: "(source)", code: "WRONG_RECORD", key: "summer-1127", lastAt: minutesAgo(14) },
  ...over,
});

const hex = "000000000748303139616334663214757365722d3437313118" + "73756d6d65722d31313237c8a3f0b5e866";
const anAttempt = (attempt: number, state: string): AttemptDocument => ({
  ...aLetter(4_230, { attempt, state }),
  ...{
    fingerprint: wrong,
    stage: "check",
    errorClass: "Poison",
    kind: "poison",
    firstAt: minutesAgo(62),
    graph: "20cf0772",
  },
  message: "its reservation's id was not minted for its user",
  stack:
    "Poison: its reservation's id was not minted for its user\n    at checked (engine/worker/round/decide.ts:88:11)",
  headers: { traceparent: ["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"] },
  value: {
    kind: "decoded",
    value: { reservationId: "019ac4f2-1f06-7aa2-9c1e-5b7d3a90c114", couponId: "summer-1127", userId: "user-4711" },
    sizeBytes: hex.length / 2,
    hex,
  },
  neighbours: [{ id: "coupon-issue/3/4298", state: "resolved", attempt: 1 }],
});

const empty = { groups: [], jobs: [], warnings: [] };

/** Letters of coupon issuing; the other topologies have none. */
export const shopLetters = (): ShopLetters => {
  const done: string[] = [];
  return {
    done,
    look: async (topology) =>
      topology !== "coupon-issuing"
        ? { topology, ...empty }
        : {
            topology,
            groups: [
              {
                ...{ fingerprint: wrong, letters: 14, open: 11, pending: 2, node: "(source)", code: "WRONG_RECORD" },
                ...{ firstAt: minutesAgo(62), lastAt: minutesAgo(14), readable: { yes: 13, of: 13 } },
                ...{ minAttempt: 1, maxAttempt: 2 },
              },
              {
                ...{ fingerprint: unread, letters: 3, open: 1, pending: 0, node: "(source)", code: "UNKNOWN_SCHEMA" },
                ...{ firstAt: minutesAgo(300), lastAt: minutesAgo(240), readable: { yes: 0, of: 1 } },
                ...{ minAttempt: 1, maxAttempt: 1 },
              },
            ],
            jobs: [
              {
                ...{ id: "6b2f1e90-0000-4000-8000-000000000000", state: "at work", actor: "jiwoo" },
                ...{ reason: "the schema is registered now", startedAt: minutesAgo(1), planned: 240, sent: 180 },
                ...{
                  resolved: 151,
                  failedAgain: 4,
                  pending: 25,
                  newMeanwhile: 0,
                  waitingFor: "the decisions about the canary",
                  canBeResumed: false,
                },
              },
              {
                ...{ id: "4c80d1f7-0000-4000-8000-000000000000", state: "paused", actor: "jiwoo", canBeResumed: true },
                ...{ reason: "before lunch", startedAt: minutesAgo(130), planned: 60, sent: 20 },
                ...{ resolved: 20, failedAgain: 0, pending: 0, newMeanwhile: 0, waitingFor: null },
              },
              {
                ...{ id: "1d07aa31-0000-4000-8000-000000000000", state: "finished", actor: "ci", canBeResumed: false },
                ...{ reason: "release 40", startedAt: minutesAgo(1_500), planned: 12, sent: 12 },
                ...{ resolved: 12, failedAgain: 0, pending: 0, newMeanwhile: 0, waitingFor: null },
              },
            ],
            warnings: [],
          },
    list: async () => ({
      letters: [aLetter(4_230, { attempt: 2 }), aLetter(4_298, { state: "resolved" }), aLetter(5_011), aLetter(5_012)],
      total: 14,
      warnings: [],
    }),
    show: async (_, id) => {
      if (id === "coupon-issue/0/4230") return [anAttempt(1, "failed-again"), anAttempt(2, "open")];
      throw new CliError(`there is no dead letter ${id}`, { code: "NO_SUCH_LETTER", fix: "Next: sluice dlq groups" });
    },
    plan: async (topology, _, { rate, canary, abortAtPercent, maxLag, maxAttempts }) => ({
      topology,
      limits: { rate, canary, abortAtPercent, maxLag, maxAttempts },
      counts: { ready: 11, wrong: 1, busy: 2 },
      ...{ readers: 2, advice: ["2 of the coupons are sold out by now"], sendingMs: 220, refusals: [], warnings: [] },
    }),
    replay: async (topology, _, { actor, reason, planned }) => {
      done.push(`replay ${topology} ${planned} by ${actor}: ${reason}`);
      return "77aa0000-0000-4000-8000-000000000000";
    },
    resume: async (topology, job, { actor, reason }) => {
      done.push(`resume ${topology} ${job.slice(0, 8)} by ${actor}: ${reason}`);
      return job;
    },
    discard: async (topology, _, { actor, reason, undo }) => {
      done.push(`${undo ? "open" : "discard"} ${topology} by ${actor}: ${reason}`);
      return 11;
    },
    ask: async (topology, job, wanted, { actor, reason }) => {
      done.push(`${wanted} ${topology} ${job.slice(0, 8)} by ${actor}: ${reason}`);
    },
    close: async () => {},
  };
};
