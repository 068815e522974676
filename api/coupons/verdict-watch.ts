/**
 * Waiting for verdicts: any number of readers, one look-up at a time.
 *
 * A reader that has not been looked up yet goes first, and so do those whose verdict is told to be there. Those that were found
 * pending take turns behind, oldest first, with a pause between turns, so that ten thousand long polls cost the database no more
 * than one busy reader. What is told is only when to look: the verdict is what the database says.
 */
import type { OwnedVerdict, VerdictLookup } from "../../processors/coupons/coupon-ports.ts";
import type { ReservationId } from "../../schemas/coupon.ts";
import type { ApiClock } from "../http/clock.ts";

/** A reader's question. */
export interface Question {
  readonly reservationId: ReservationId;
  /** How long to hold the answer until there is a verdict; 0 asks how it is now. */
  readonly waitMs: number;
}

/** A question that was put. */
export interface Asked {
  /** The verdict, or null while there is none. Rejects as the look-up did, where that is all that is known. */
  readonly verdict: Promise<OwnedVerdict | null>;
  /** The reader went away: forgets the question, and answers it with null. Idempotent. */
  readonly leave: () => void;
}

/** Answers questions. */
export interface VerdictWatch {
  /** @throws WatchFull when twice as many ask as may wait. */
  readonly ask: (question: Question) => Asked;
  /** These have their verdicts: whoever waits for one is looked up at once. Others are passed over. */
  readonly decided: (ids: readonly ReservationId[]) => void;
  /** Questions without an answer. */
  readonly waiting: () => number;
  /** Answers every waiting question with what is known, null included, and holds no answer any more. Idempotent. */
  readonly close: () => void;
}

/** Tells of verdicts when they are written; see ops/processes/decided-events.ts. */
export interface DecidedEvents {
  /** Begins to tell; called once. Nothing is told while nobody wants it. */
  readonly start: (listener: { readonly isWanted: () => boolean; readonly decided: VerdictWatch["decided"] }) => void;
  /** Whether what is decided now will be told. */
  readonly isTold: () => boolean;
}

/** Bounds; see ApiSettings. */
export interface WatchSettings {
  readonly maxWaiters: number;
  readonly maxLookupIds: number;
  readonly lookupPauseMs: number;
  readonly toldPauseMs: number;
  readonly readTimeoutMs: number;
}

/** Too many questions at once. Nothing was asked. */
export class WatchFull extends Error {
  readonly code = "WATCH_FULL";
}

/** The database did not answer a first look-up in time. */
export class LookupTimeout extends Error {
  readonly code = "LOOKUP_TIMEOUT";
}

interface Waiter {
  readonly entry: Entry;
  /** Number of the look-up in flight, or last done, when the question was put: only a later one answers it. */
  readonly askedAtLookup: number;
  /** Whether `waitMs` is over: the next look-up's answer is the answer. */
  due: boolean;
  looked: boolean;
  /** Why the last look-up failed; undefined when it did not. */
  failure: Failure | undefined;
  cancel: () => void;
  readonly settle: (answer: OwnedVerdict | null) => void;
  readonly fail: (error: unknown) => void;
}

interface Failure {
  readonly error: unknown;
}

/** One reservation that is asked for. */
interface Entry {
  readonly id: ReservationId;
  readonly waiters: Set<Waiter>;
}

/** A failed look-up is tried again after this, and not at once. */
const failurePauseMs = 200;

/** What a watch works with. */
export interface WatchOptions {
  readonly lookup: VerdictLookup;
  readonly clock: ApiClock;
  readonly settings: WatchSettings;
  /** Whether `decided` will be called for what is decided now; those who wait are then looked up less often. Default: never. */
  readonly isTold?: () => boolean;
}

/** Watches verdicts through a look-up. Without a waiter it asks nothing. */
export const watchVerdicts = (options: WatchOptions): VerdictWatch => new Watch(options);

class Watch implements VerdictWatch {
  readonly #lookup: VerdictLookup;
  readonly #clock: ApiClock;
  readonly #settings: WatchSettings;
  readonly #isTold: () => boolean;
  /** Asked for, and some reader of it not looked up yet. A map is a queue here: insertion order. */
  readonly #fresh = new Map<ReservationId, Entry>();
  /** Pending at their last look-up. */
  readonly #pending = new Map<ReservationId, Entry>();
  readonly #inFlight = new Map<ReservationId, Entry>();
  /** Of those in flight: decided since, so that the look-up may have been too early. */
  readonly #decidedSince = new Set<ReservationId>();
  #lookups = 0;
  #waiting = 0;
  #finding = false;
  #pausing = false;
  #closed = false;

  constructor({ lookup, clock, settings, isTold = () => false }: WatchOptions) {
    this.#lookup = lookup;
    this.#clock = clock;
    this.#settings = settings;
    this.#isTold = isTold;
  }

  readonly waiting = (): number => this.#waiting;

  readonly ask = ({ reservationId, waitMs }: Question): Asked => {
    if (this.#waiting >= 2 * this.#settings.maxWaiters) {
      throw new WatchFull(`${this.#waiting} questions are open, twice the ${this.#settings.maxWaiters} that may wait`);
    }
    const heldMs = this.#closed || this.#waiting >= this.#settings.maxWaiters ? 0 : waitMs;
    const { promise, resolve, reject } = Promise.withResolvers<OwnedVerdict | null>();
    const waiter = this.#join(reservationId, resolve, reject);
    if (heldMs === 0) this.#due(waiter, 0);
    else waiter.cancel = this.#clock.after(heldMs, () => this.#due(waiter, heldMs));
    this.#next();
    return { verdict: promise, leave: () => this.#answer(waiter, null) };
  };

  readonly decided = (ids: readonly ReservationId[]): void => {
    for (const id of ids) {
      const entry = this.#pending.get(id);
      if (entry !== undefined) {
        this.#pending.delete(id);
        this.#fresh.set(id, entry);
      } else if (this.#inFlight.has(id)) this.#decidedSince.add(id);
    }
    this.#next();
  };

  readonly close = (): void => {
    this.#closed = true;
    for (const entries of [this.#fresh, this.#pending, this.#inFlight]) {
      for (const { waiters } of entries.values()) for (const waiter of waiters) this.#due(waiter, 0);
    }
  };

  #join(id: ReservationId, settle: Waiter["settle"], fail: Waiter["fail"]): Waiter {
    const entry = this.#fresh.get(id) ?? this.#pending.get(id) ?? this.#inFlight.get(id) ?? { id, waiters: new Set() };
    const waiter: Waiter = {
      entry,
      askedAtLookup: this.#lookups,
      due: false,
      looked: false,
      failure: undefined,
      cancel: () => {},
      settle,
      fail,
    };
    entry.waiters.add(waiter);
    this.#waiting += 1;
    // In flight, it is put back into the right queue when its look-up ends.
    if (!this.#inFlight.has(id)) {
      this.#pending.delete(id);
      this.#fresh.set(id, entry);
    }
    return waiter;
  }

  /** The waiter's time is over. It is answered what the last look-up found; without one, it waits for the first, but not for ever. */
  #due(waiter: Waiter, heldMs: number): void {
    waiter.cancel();
    waiter.due = true;
    if (waiter.looked) {
      if (waiter.failure === undefined) this.#answer(waiter, null);
      else this.#fail(waiter, waiter.failure.error);
      return;
    }
    const restMs = Math.max(1, this.#settings.readTimeoutMs - heldMs);
    waiter.cancel = this.#clock.after(restMs, () =>
      this.#fail(waiter, new LookupTimeout(`no look-up was answered within ${heldMs + restMs} ms`)),
    );
  }

  #answer(waiter: Waiter, answer: OwnedVerdict | null): void {
    if (this.#forget(waiter)) waiter.settle(answer);
  }

  #fail(waiter: Waiter, error: unknown): void {
    if (this.#forget(waiter)) waiter.fail(error);
  }

  #forget(waiter: Waiter): boolean {
    const { entry } = waiter;
    if (!entry.waiters.delete(waiter)) return false;
    this.#waiting -= 1;
    waiter.cancel();
    if (entry.waiters.size === 0) {
      this.#fresh.delete(entry.id);
      this.#pending.delete(entry.id);
    }
    return true;
  }

  /** Starts a look-up, or the pause before one, unless either is on. */
  #next(): void {
    if (this.#finding) return;
    const ids = this.#take();
    if (ids.length > 0) void this.#find(ids);
  }

  /** The fresh ones, and if no pause is on, as many of the pending ones as there is room for. */
  #take(): readonly ReservationId[] {
    const queues = this.#pausing ? [this.#fresh] : [this.#fresh, this.#pending];
    for (const queue of queues) {
      for (const [id, entry] of queue) {
        if (this.#inFlight.size >= this.#settings.maxLookupIds) break;
        queue.delete(id);
        this.#inFlight.set(id, entry);
      }
    }
    return [...this.#inFlight.keys()];
  }

  async #find(ids: readonly ReservationId[]): Promise<void> {
    this.#finding = true;
    this.#lookups += 1;
    const beganAt = this.#clock.now();
    let pauseMs = this.#isTold() ? this.#settings.toldPauseMs : this.#settings.lookupPauseMs;
    try {
      this.#found(await this.#lookup.find(ids));
    } catch (error) {
      this.#failed(error);
      pauseMs = Math.max(pauseMs, failurePauseMs);
    }
    this.#inFlight.clear();
    this.#decidedSince.clear();
    this.#finding = false;
    // At least as long as the look-up took: polling never keeps the database busy more than half of the time.
    // And no longer than a read may take: the time of day may have been set meanwhile.
    const tookMs = Math.min(this.#clock.now() - beganAt, this.#settings.readTimeoutMs);
    this.#pause(Math.max(pauseMs, tookMs));
    this.#next();
  }

  #pause(pauseMs: number): void {
    if (this.#pausing || this.#pending.size === 0) return;
    this.#pausing = true;
    this.#clock.after(pauseMs, () => {
      this.#pausing = false;
      this.#next();
    });
  }

  #found(verdicts: ReadonlyMap<ReservationId, OwnedVerdict>): void {
    for (const entry of this.#inFlight.values()) {
      const verdict = verdicts.get(entry.id);
      for (const waiter of entry.waiters) {
        if (verdict !== undefined) this.#answer(waiter, verdict);
        else this.#looked(waiter, undefined);
      }
      this.#requeue(entry);
    }
  }

  #failed(error: unknown): void {
    for (const entry of this.#inFlight.values()) {
      for (const waiter of entry.waiters) this.#looked(waiter, { error });
      this.#requeue(entry);
    }
  }

  /** A look-up that began after the question found nothing, or failed. */
  #looked(waiter: Waiter, failure: Failure | undefined): void {
    if (waiter.askedAtLookup >= this.#lookups) return;
    waiter.looked = true;
    waiter.failure = failure;
    if (waiter.due) this.#due(waiter, 0);
  }

  #requeue(entry: Entry): void {
    if (entry.waiters.size === 0) return;
    let fresh = this.#decidedSince.has(entry.id);
    for (const { looked } of entry.waiters) if (!looked) fresh = true;
    (fresh ? this.#fresh : this.#pending).set(entry.id, entry);
  }
}
