/** What a worker counts while it runs; ops/ binds it to Prometheus. Labels are names from the graph, never ids. */

/** What became a dead letter: its place, the call that failed, and the code of the error. Only `code` is a label. */
export interface DeadLettered {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly node: string;
  readonly code: string;
  /** The trace that its record's header names; absent where it names none. */
  readonly traceId?: string;
}

/** Called once a round or rarer, never once a record; only dead letters are reported one by one. */
export interface Telemetry {
  /** A round ended, all it wrote acknowledged. */
  readonly round: (topic: string, records: number, seconds: number) => void;
  /** How old the records of a round were when it ended, seconds; those without a time are left out. */
  readonly aged: (topic: string, ages: Float64Array) => void;
  /** Part of a round left a step with this outcome. */
  readonly outcome: (step: string, outcome: string, records: number) => void;
  /** Effects undone. */
  readonly undone: (step: string, records: number) => void;
  /** Records handed to a sink. */
  readonly written: (sink: string, records: number) => void;
  /** A dead letter is handed to the log. */
  readonly deadLettered: (letter: DeadLettered) => void;
  /** Partitions were assigned, even none. */
  readonly assigned: () => void;
  /** The group refused a commit. */
  readonly commitRefused: () => void;
  /** An attempt failed; `holding` where it waits for a dependency. */
  readonly failedAttempt: (call: string, code: string, holding: boolean) => void;
}

/** Counts nothing. */
export const noTelemetry: Telemetry = {
  round: () => {},
  aged: () => {},
  outcome: () => {},
  undone: () => {},
  written: () => {},
  deadLettered: () => {},
  assigned: () => {},
  commitRefused: () => {},
  failedAttempt: () => {},
};
