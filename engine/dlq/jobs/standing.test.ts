/** How far a job is, read from its topology's letters. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { standingsOf } from "../letters/state.ts";
import { aLetter, aRetry } from "../testing/samples.ts";
import type { ReplayJob } from "./job.ts";
import { jobStanding } from "./standing.ts";

const job = (state: ReplayJob["state"]) => ({
  id: "job-1",
  state,
  document: {
    version: 1 as const,
    selection: {},
    letters: { 0: "1-4" },
    count: 4,
    letterEnds: ["5"],
    retryEnds: ["0", "0"],
    limits: { rate: 1, canary: 0, abortAtPercent: 100, maxLag: 0, maxAttempts: 3, wait: true },
  },
});
const letters = [1, 2, 3, 4].map((offset) => aLetter(offset));
const retries = [
  aRetry(1),
  aRetry(2),
  aRetry(2, { at: 3n }),
  aRetry(3, { at: 4n }),
  aRetry(4, { at: 5n, job: "job-2" }),
];
const committed = [undefined, 4n];
const facts = (of = letters) => ({
  standings: standingsOf({ letters: of, retries, committed, discards: new Set(), finishedJobs: new Set() }),
  retries,
  committed,
});

test("jobStanding: counts what was sent by this job, copies apart, and what became of it", () => {
  const again = aLetter(1, { attempt: "2", job: "job-1" }, 6n);
  const found = jobStanding(job("running"), facts([...letters, again, aLetter(9)]));
  assert.deepEqual(found, { sent: 3, copies: 1, resolved: 1, failedAgain: 1, pending: 1, newMeanwhile: 1 });
});

test("jobStanding: counts as new only letters of the kind that the job was about", () => {
  const running = job("running");
  const about = { ...running, document: { ...running.document, selection: { code: "A" } } };
  const found = jobStanding(about, facts([...letters, aLetter(9, { code: "A" }), aLetter(10, { code: "B" })]));
  assert.equal(found.newMeanwhile, 1);
});

test("jobStanding: has nothing pending when the job has finished and the group is gone", () => {
  const found = jobStanding(job("finished"), { ...facts(), committed: [] });
  assert.deepEqual([found.resolved, found.pending], [3, 0]);
});
