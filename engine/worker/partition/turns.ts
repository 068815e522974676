/**
 * Rounds that begin before those ahead of them end. While one is at its later calls, and many records wait, the next round of
 * the same lanes is read and makes the calls that may run ahead; before any other call it waits for its turn: until the rounds
 * before it have let its lanes go. So a key is in one round at a time still, but for what says that it does not mind.
 */
import type { StepEnvironment } from "../../interpreter/interpret.ts";
import { Aborted } from "../failures/attempts.ts";
import type { Round } from "./in-flight.ts";
import type { Lanes } from "./lanes.ts";

/** How a round is in line. */
export interface Turn {
  /** Resolves when it is its turn; undefined where it always was. Rejects with Aborted where the partition is left before. */
  readonly come: Promise<void> | undefined;
  /** It is past what may run ahead. Idempotent. */
  readonly passed: () => void;
}

/** The turns of one partition's rounds. */
export interface Turns {
  /** The turn of a round that was taken with nothing before it; `passed` is called once. */
  readonly first: (passed: () => void) => Turn;
  /** The turn of a round that was taken ahead; `come` is called when it is. */
  readonly behind: (round: Round, hooks: { readonly come: () => void; readonly passed: () => void }) => Turn;
  /** To be called whenever lanes were let go. */
  readonly released: () => void;
}

/** Nobody waits yet. `leaving` gives up those who do. */
export const createTurns = (lanes: Pick<Lanes<Round[number]>, "isFirst">, leaving: AbortSignal): Turns => {
  const waiting = new Map<Round, () => void>();
  return {
    first: (passed) => ({ come: undefined, passed: once(passed) }),
    behind: (round, hooks) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const giveUp = (): void => {
        waiting.delete(round);
        reject(new Aborted());
      };
      leaving.addEventListener("abort", giveUp, { once: true });
      waiting.set(round, () => {
        leaving.removeEventListener("abort", giveUp);
        hooks.come();
        resolve();
      });
      // Its calls that run ahead may be at work when the partition is left: they are given up by themselves.
      promise.catch(() => undefined);
      return { come: promise, passed: once(hooks.passed) };
    },
    released: () => {
      for (const [round, come] of waiting) {
        if (!lanes.isFirst(round)) continue;
        waiting.delete(round);
        come();
      }
    },
  };
};

const once = (act: () => void): (() => void) => {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    act();
  };
};

/** Calls of a round in its turn: one that may run ahead at once, any other when the turn has come. */
export const inTurn =
  (attempt: StepEnvironment["attempt"], { come, passed }: Turn): StepEnvironment["attempt"] =>
  (call) => {
    if (call.ahead === true) return attempt(call);
    const begin = () => {
      const running = attempt(call);
      passed();
      return running;
    };
    return come === undefined ? begin() : come.then(begin);
  };
