/**
 * Which rounds of a partition begin, and when: as many side by side as may be, and one behind those in flight, ahead of its
 * turn, where the topology allows it and much waits.
 */
import type { Clock } from "../../clock.ts";
import type { InFlight, Round } from "./in-flight.ts";
import type { Lanes } from "./lanes.ts";
import type { PartitionLimits } from "./limits.ts";
import { createTurns, type Turn } from "./turns.ts";

/** The rounds of one partition. */
export interface Rounds {
  /** Begins what may begin. */
  readonly pump: () => void;
  /** A round has written all: its lanes are free, and the turn of the one behind it may have come. */
  readonly release: (round: Round) => void;
}

/** What beginning a round needs. */
export interface RoundsOptions {
  readonly lanes: Lanes<InFlight>;
  readonly limits: Pick<PartitionLimits, "concurrency" | "maxRound" | "maxRoundBytes">;
  /** Whether a round may begin now. */
  readonly mayBegin: () => boolean;
  readonly begin: (round: Round, turn: Turn) => void;
  /** Whether the first call of a round may be made ahead of its turn. */
  readonly mayRunAhead: boolean;
  readonly clock: Clock;
  /** Aborted when the partition is left. */
  readonly leaving: AbortSignal;
}

/**
 * A round is taken ahead where it has so much of `maxRound`: with less waiting, the next round had better wait and be larger. And
 * so long after the one before it went on: reading 2,000 records takes 5 to 10 ms in one piece, and would keep that one from
 * sending its statements, of which the longest then takes some 20 ms.
 */
const aheadFrom = 0.25;
const aheadAfterMs = 7;

/** No round has begun. */
export const createRounds = (options: RoundsOptions): Rounds => {
  const { lanes, limits, mayBegin, begin, mayRunAhead, clock, leaving } = options;
  const turns = createTurns(lanes, leaving);
  let active = 0;
  let isOneAhead = false;

  const pump = (): void => {
    while (mayBegin() && active < limits.concurrency) {
      const round = lanes.take(limits.maxRound, limits.maxRoundBytes);
      if (round.length === 0) return;
      active++;
      begin(round, turns.first(passed(round)));
    }
  };
  const runAhead = (behind: Round): void => {
    if (isOneAhead || !mayBegin()) return;
    const { maxRound, maxRoundBytes: maxBytes, concurrency } = limits;
    const minRound = Math.ceil(maxRound * aheadFrom);
    const round = lanes.takeAhead(behind, { minRound, maxRound, maxBytes, isFull: active >= concurrency });
    if (round.length === 0) return;
    isOneAhead = true;
    const come = (): void => {
      isOneAhead = false;
      active++;
    };
    begin(round, turns.behind(round, { come, passed: passed(round) }));
  };
  const passed = (round: Round) => (): void => {
    if (!mayRunAhead) return;
    lanes.pass(round);
    void clock.sleep(aheadAfterMs, leaving).then(() => runAhead(round));
  };
  return {
    pump,
    release: (round) => {
      active--;
      lanes.release(round);
      turns.released();
    },
  };
};
