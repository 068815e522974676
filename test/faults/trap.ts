/** Where an armed worker dies: it counts how often it came by its point, writes down which, and sends itself a signal. */
import { writeFileSync } from "node:fs";

/** A point to die at, the n-th time it is come by. */
export interface Armed {
  readonly point: string;
  /** 1 or more. */
  readonly hit: number;
  /** SIGKILL by default; SIGSTOP makes it a zombie, to be woken by SIGCONT. */
  readonly signal?: "SIGKILL" | "SIGSTOP";
}

/** Called at every point a worker comes by, at that very moment. */
export type Trap = (point: string) => void;

/** The text that arms a worker; see {@link parseArmed}. */
export const armedText = ({ point, hit }: Armed): string => `${point}:${hit}`;

/** @throws RangeError where it is no such text. */
export const parseArmed = (text: string): Armed => {
  const [, point, hit] = /^([a-z-]+):([1-9]\d*)$/.exec(text) ?? [];
  if (point === undefined || hit === undefined) throw new RangeError(`expected <point>:<hit>, got ${text}`);
  return { point, hit: Number(hit) };
};

/** Dies, or freezes, without another turn of the event loop: nothing that was queued leaves, nothing is finished. */
export const springOn = (note: string, signal: NodeJS.Signals): ((armed: Armed) => void) => {
  return (armed) => {
    writeFileSync(note, armedText(armed));
    process.kill(process.pid, signal);
  };
};

/** A trap for one point; `spring` is called once, the n-th time. */
export const trapFor = (armed: Armed | undefined, spring: (armed: Armed) => void): Trap => {
  let hits = 0;
  return (point) => {
    if (point !== armed?.point) return;
    hits += 1;
    if (hits === armed.hit) spring(armed);
  };
};
