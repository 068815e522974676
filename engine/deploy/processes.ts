/** The port to the list of processes that run: each enters itself, with where its health is served. Adapters: stores/mysql/operations, testing/memory-processes.ts. */

/** What a process says of itself once. */
export interface ProcessEntry {
  /** Its own, new with each start. */
  readonly id: string;
  /** Its command: `worker`, `relay`, `api`. */
  readonly kind: string;
  /** The topology it works for, or the outbox it publishes; null where it is neither's. */
  readonly subject: string | null;
  /** The hash of the graph it runs; null where it runs none. */
  readonly hash: string | null;
  /** The engine's release. */
  readonly version: string;
  readonly host: string;
  readonly pid: number;
  /** Where /ready and /metrics are, as `http://host:port`. */
  readonly healthUrl: string;
}

/** A process that is in the list. */
export interface ListedProcess extends ProcessEntry {
  /** Epoch ms, by the store's clock. */
  readonly startedAt: number;
  /** How long ago it was heard of, ms, by the store's clock; 0 and up. */
  readonly silentMs: number;
}

/** How long one that is not heard of stays in the list, ms: its end is to be seen, and a list that only grows is none. */
export const processKeptMs = 3_600_000;
/** Processes that are listed at most, those that were heard of last. */
export const mostListed = 500;

/**
 * The list. It is for people: nothing of what a process does depends on it, so a process works on without it. Everything throws
 * Unavailable while the store is away, and everything is idempotent.
 */
export interface Processes {
  /** Enters a process, or says that it is still there, and takes out a few that were not heard of for {@link processKeptMs}. */
  readonly beat: (entry: ProcessEntry) => Promise<void>;
  /** Takes it out: it has ended as it should. */
  readonly leave: (id: string) => Promise<void>;
  /** Those that were heard of last first, {@link mostListed} at most; none where the table is not there yet. */
  readonly list: () => Promise<readonly ListedProcess[]>;
}

/** A list that is open, until it is closed. */
export interface OpenProcesses {
  readonly processes: Processes;
  readonly close: () => Promise<void>;
}
