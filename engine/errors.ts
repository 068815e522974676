/** The four dispositions: what the pipeline does about an error. A refusal of the domain is an outcome, never an error. */
import type { Fence } from "./lease.ts";

/**
 * - `unavailable`: a dependency is away. Hold, keep the order, back off, never dead-letter.
 * - `retriable`: this attempt failed. Again, up to a limit; then isolate and dead-letter as in doubt.
 * - `poison`: this record is wrong. Dead-letter it, go on with the others.
 * - `fatal`: this process is wrong. Commit nothing, stop, exit non-zero.
 */
export type Disposition = "unavailable" | "retriable" | "poison" | "fatal";

/** Base of every error thrown on purpose. `code` is for logs, metrics and tests; `message` is not parsed. */
export abstract class PipelineError extends Error {
  abstract readonly code: string;
  abstract readonly disposition: Disposition;
}

/** A dependency is away: `who` names it. */
export class Unavailable extends PipelineError {
  override readonly code = "UNAVAILABLE";
  override readonly disposition = "unavailable";
  /** The dependency: `redis`, `database`, `registry`, `kafka`, ... */
  readonly who: string;
  constructor(who: string, message: string, options?: ErrorOptions) {
    super(`${who} is unavailable: ${message}`, options);
    this.who = who;
  }
}

/**
 * Something is missing or refused that no waiting brings by itself and no record is guilty of: a schema nobody registered yet,
 * credentials that do not count. It holds like something that is away, and is named by its code, because nothing is away.
 */
export class Blocked extends PipelineError {
  readonly code: string;
  override readonly disposition = "unavailable";
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * A dependency answers, and refuses who we are or what we may do: a locked account, a changed password, a revoked right. At a
 * start it ends the process, which was configured wrongly; while the process runs it holds, because credentials are rotated and
 * an operator can set it right on the other side. `message` names what refuses, in whose words, and what to do.
 */
export class AccessRefused extends Blocked {
  /** What refuses: `database`, `redis`, `kafka`, `registry`. */
  readonly who: string;
  constructor(who: string, code: string, message: string, options?: ErrorOptions) {
    super(code, message, options);
    this.who = who;
  }
}

/**
 * Another transaction holds a lock that this call waits for, and has held it for as long as was waited. No record is guilty of it,
 * so it holds like something that is away and is named by its code; whoever does several things at once may do them one by one.
 */
export class Contended extends Blocked {}

/**
 * Another holder has the partition's lease now: what this one sends is refused, for good. It holds like something that is
 * away, finishing nothing, until the group takes the partition from it too.
 */
export class Fenced extends PipelineError {
  override readonly code = "FENCED";
  override readonly disposition = "unavailable";
  /** The higher epoch, where the store that refused gave it. */
  readonly found: number | undefined;
  /** `knower`: what knows the higher one, where that is not the lease itself. */
  constructor({ topology, topic, partition, epoch }: Fence, found: number | undefined, knower?: string) {
    super(
      `${topology} wrote for ${topic}/${partition} with epoch ${epoch}, but ${knower ?? "the lease"} has ${found ?? "a higher one"}: ` +
        (knower === undefined
          ? "another worker took it over"
          : "another worker took it over, or the database was set back to an earlier state"),
    );
    this.found = found;
  }
}

/** This attempt failed, the next may not: a deadlock. */
export class Retriable extends PipelineError {
  readonly code: string;
  override readonly disposition = "retriable";
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A record is wrong and will stay wrong. `idempotencyKey`, where known, names the guilty one in a round. */
export class Poison extends PipelineError {
  readonly code: string;
  override readonly disposition = "poison";
  readonly idempotencyKey: string | undefined;
  constructor(code: string, message: string, options?: ErrorOptions & { readonly idempotencyKey?: string }) {
    super(message, options);
    this.code = code;
    this.idempotencyKey = options?.idempotencyKey;
  }
}

/** This process is wrong: a programming mistake, a wrong deployment. */
export class Fatal extends PipelineError {
  readonly code: string;
  override readonly disposition = "fatal";
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * A store answers, and is not what this process needs: a table or a column is missing, as while a backup is restored. What decides
 * records ends, and nothing is lost; who answers requests says that they have to come again.
 */
export class StoreUnfit extends Fatal {}

/**
 * What a process found at its start is not what it was started for: a graph that was not deployed, a store of somebody else.
 * The process ends with "refused" (exit code 4), because starting it again helps nothing. Upkeep may find it later, too.
 */
export class StartRefused extends Fatal {}

/**
 * Another process has joined the group under this one's instance id: it is this one's successor, or a mistake. This one
 * ends (exit code 8) and is not to be started again under that id; leases see to it that nothing it still sends counts.
 */
export class InstanceFenced extends Fatal {
  constructor(what: string, options?: ErrorOptions) {
    super(
      "INSTANCE_FENCED",
      `${what}: another process has joined the group under this one's instance id. If it is this one's successor, nothing is ` +
        "to be done; otherwise give each process a SLUICE_GROUP_INSTANCE_ID of its own",
      options,
    );
  }
}

/** Total: an unclassified error is retried, then dead-lettered, never skipped. */
export const dispositionOf = (error: unknown): Disposition =>
  error instanceof PipelineError ? error.disposition : "retriable";

/** Whether a call that failed so is to be held and asked again, and nothing be decided: its dependency is away, or refuses us. */
export const isHeld = (error: unknown): boolean => dispositionOf(error) === "unavailable";

/** The code of an error, for logs, metrics and dead letters: its own, or `UNCLASSIFIED` where it has none. */
export const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "UNCLASSIFIED";
