/** A simulated process: it sleeps, waits for answers, freezes and dies. Nothing of it continues after its death. */
import type { Clock } from "../../../engine/clock.ts";
import { sleeper, type Time } from "./time.ts";
import type { Trace } from "../trace.ts";

/** One process. */
export interface Process {
  readonly name: string;
  /** Time as it sees it: a dead process never wakes, a frozen one wakes when it thaws. */
  readonly clock: Clock;
  readonly alive: () => boolean;
  /** True while it reaches no broker. */
  cutOff: boolean;
  /** Something reaches it: runs now, after the thaw, or never. */
  readonly reach: (goOn: () => void) => void;
  readonly kill: (why: string) => void;
  readonly freeze: () => void;
  /** What reached it meanwhile runs, in order. */
  readonly thaw: () => void;
}

/** Starts a process. `died` is called once, at its death. */
export const createProcess = (
  name: string,
  { time, trace, died }: { readonly time: Time; readonly trace: Trace; readonly died: () => void },
): Process => {
  let state: "running" | "frozen" | "dead" = "running";
  let waiting: (() => void)[] = [];
  const reach = (goOn: () => void): void => {
    if (state === "running") goOn();
    else if (state === "frozen") waiting.push(goOn);
  };
  return {
    name,
    clock: { now: time.now, sleep: sleeper((ms, happen) => time.after(ms, () => reach(happen))) },
    alive: () => state !== "dead",
    cutOff: false,
    reach,
    kill: (why) => {
      if (state === "dead") return;
      state = "dead";
      waiting = [];
      trace.add(name, () => `KILLED ${why}`);
      died();
    },
    freeze: () => {
      if (state === "running") state = "frozen";
    },
    thaw: () => {
      if (state !== "frozen") return;
      state = "running";
      const before = waiting;
      waiting = [];
      // One of them may be its end.
      for (const goOn of before) reach(goOn);
    },
  };
};
