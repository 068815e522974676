/**
 * A bounded heap for workers, and for commands that read whole topics. Without a bound, V8 on a large machine lets garbage
 * pile up to several times what lives: a worker with 60 MB alive grew to 430 MB. Its limits can only be given to a new
 * process, so this one becomes it.
 */
import { totalmem } from "node:os";
import { environment } from "../cli.ts";

/** Below this much memory, in bytes, the roomy heap does not fit: its peak is 351 MB, and what is not heap needs its part. */
const roomyFromBytes = 448 * 1024 * 1024;

/**
 * V8's limits for a worker that may use this many bytes in all (a container's limit, or the machine's memory); megabytes.
 * Alive are 60 to 110 MB; the young generation takes three semi-spaces. Measured 2026-11-27 on 2 cores, two runs each in
 * turn, a million rows (old/semi: hot coupon and 1,000 coupons, issued/s; CPU in us an issue; peak):
 * 128/8: 29,971-31,276 and 25,994-32,483; 34 and 42-54; 251 MB. 256/16: 32,026-34,147 and 41,217-44,220; 30 and 32; 305 MB.
 * 256/32: 33,952-35,578 and 44,240-47,025; 27 and 30; 351 MB, and 350 MB with a million records waiting.
 *
 * The roomy one may also grow to 2.5 times what lives before it is collected whole. By itself V8 allows some 40 MB, external
 * buffers included: a whole collection for nearly every one of the young generation, 33 in 200,000 records of which 20 MB
 * live; with it some 10. Measured 2026-11-27, the worker on stores that answer at once, CPU in us a record, two runs in turn:
 * hot coupon 25-27 before, 15-20 after; 1,000 coupons 25-30 and 18-24; peak 270 and 286 MB before, 260 and 317 MB after.
 * 4 times as much gains no more and costs 30 MB.
 *
 * The young generation has its full size from the start: it grows only by what survives, and a burst is over before it has.
 * Measured 2026-11-28 on 2 cores, 300,000 requests, two runs each in turn, a million rows (issued/s, worker's CPU in us, peak):
 * 1,000 coupons 41,041-47,048, 30-35, 361-364 MB before; 47,733-51,925, 27-31, 363-380 MB after; the hot coupon 39,077-42,031
 * and 39,087-48,088. Without parallel scavenges 43,882-49,053 and 33,733-50,219; with both no more than with this one. One thread for
 * all collections, 1,000 coupons, warm, in turn: 47,834 and 40,786 beside 50,432 and 48,806, and 416 to 431 MB beside 363 to 369.
 *
 * Collections of the whole heap mark it in one piece, on all cores, and not beside the work: what is marked beside it is marked
 * again when it changes, and so is the young generation, which is a third of the heap. It was a fifth of a worker's CPU. A
 * collection then stops the worker for 40 to 60 ms, once in 40,000 requests, and was 10 to 25 ms before. Measured 2026-11-28 on 2
 * cores, 1,000 coupons, warm, in turn, seven runs each: 54,534 to 64,938 issued/s before (median 60,409), 62,095 to 68,562 after
 * (66,538); peak 352 to 377 and 371 to 384 MB. Young collections wait until there is no room, and do not begin at four fifths.
 */
export const heapFlags = (memoryBytes: number): readonly string[] => {
  if (memoryBytes < roomyFromBytes) return ["--max-old-space-size=128", "--max-semi-space-size=8"];
  return [
    "--max-old-space-size=256",
    "--min-semi-space-size=32",
    "--max-semi-space-size=32",
    "--heap-growing-percent=150",
    "--no-incremental-marking",
    "--no-minor-gc-task",
  ];
};

/**
 * For commands that read topics: what lives grows with the letters, so only the young generation is bounded. Measured
 * 2026-11-27, `dlq groups` over 100,000 letters: 324 to 338 MB at its peak without, 234 MB with 16 MB, 220 to 230 MB with 8.
 */
const readerFlags = ["--max-semi-space-size=16"];

/** Replaces this process by itself with a worker's limits, unless it has limits already. Returns only where it has. */
export const boundHeap = (): void => becomeWith(heapFlags(memoryLimit()), "--max-old-space-size");

/** The same for a command that reads whole topics. */
export const boundReaderHeap = (): void => becomeWith(readerFlags, "--max-semi-space-size");

/** Node's flags for one of so many workers of one machine or container: each has an even share of its memory. */
export const heapShare = (processes: number): readonly string[] => heapFlags(Math.floor(memoryLimit() / processes));

const becomeWith = (flags: readonly string[], unless: string): void => {
  const given = [...process.execArgv, environment()["NODE_OPTIONS"] ?? ""].join(" ");
  if (given.includes(unless) || process.execve === undefined) return;
  const own = Object.fromEntries(Object.entries(environment()).filter(([, value]) => value !== undefined));
  // What is left after the filter are strings.
  const env = own as Record<string, string>;
  process.execve(process.execPath, [process.execPath, ...flags, ...process.execArgv, ...process.argv.slice(1)], env);
};

/** The control group's limit where there is one; node answers 0, or more than there is, where there is none. */
const memoryLimit = (): number => {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
};
