/** Places of a simulated world: each has one process at a time, something running in it, and a new one after its end. */
import type { MemoryBroker } from "../../../engine/log/memory/memory-log.ts";
import { createProcess, type Process } from "./process.ts";
import type { Time } from "./time.ts";
import type { Trace } from "../trace.ts";

/** What places are in. */
export interface PlaceWorld {
  readonly time: Time;
  readonly trace: Trace;
  readonly broker: MemoryBroker;
  readonly stormy: () => boolean;
  /** Called with something that ended by itself: nothing in a simulated world is a reason to. */
  readonly gaveUp: (who: string, error: Error) => void;
}

/** What runs in a process. */
export interface Running {
  /** Resolves when it has ended: with the reason where it could not continue. */
  readonly ended: Promise<Error | undefined>;
  /** Stops in good order. */
  readonly stop: () => Promise<void>;
}

/** How a place is made. */
export interface PlaceOptions {
  /** Before the number of the incarnation: `w1`. */
  readonly name: string;
  /** Starts what runs there. Where it throws, the process dies and another one is started. */
  readonly boot: (process: Process) => Promise<Running>;
  /** Called when the process is gone, dead or left. */
  readonly gone?: (process: Process) => void;
}

/** Something that happens to a process; `forMs`: how long it is away. */
export interface Blow {
  readonly kind: "kill" | "leave" | "freeze" | "cut off";
  readonly forMs: number;
}

/** One place. */
export interface Place {
  /** Starts a process where none lives. */
  readonly start: () => void;
  /** Something happens to the process that lives here, if any does. */
  readonly strike: (blow: Blow) => void;
  /** Kills the process that lives here; false where none does. */
  readonly kill: () => boolean;
  readonly living: () => Process | undefined;
}

interface Living {
  readonly process: Process;
  stop: Running["stop"] | undefined;
}

/** ms until a process that ended is started again. */
const restartMs = 200;

/** A place, empty yet. */
export const createPlace = ({ name: place, boot, gone }: PlaceOptions, world: PlaceWorld): Place => {
  const { broker, time, trace, stormy, gaveUp } = world;
  let incarnation = 0;
  let living: Living | undefined;

  const start = (): void => {
    if (living !== undefined) return;
    incarnation += 1;
    const name = `${place}.${incarnation}`;
    const died = (): void => {
      broker.crash(name);
      living = undefined;
      gone?.(own.process);
      time.after(restartMs, start);
    };
    const own: Living = { process: createProcess(name, { time, trace, died }), stop: undefined };
    living = own;
    trace.add(name, () => "starts");
    run(own).catch((error: Error) => own.process.kill(`could not start: ${error}`));
  };
  const run = async (own: Living): Promise<void> => {
    const { ended, stop } = await boot(own.process);
    own.stop = stop;
    const error = await ended;
    if (error === undefined) return;
    gaveUp(own.process.name, error);
    own.process.kill(`it ended: ${error.message}`);
  };
  const leave = ({ process, stop }: Living, forMs: number): void => {
    if (stop === undefined) return;
    trace.add(process.name, () => "leaves in good order");
    const left = (): void => {
      trace.add(process.name, () => "has left");
      if (living?.process === process) living = undefined;
      gone?.(process);
      time.after(forMs, start);
    };
    stop().then(left, (error: Error) => gaveUp(process.name, error));
  };
  return {
    start,
    living: () => living?.process,
    kill: () => {
      const found = living?.process;
      found?.kill("at its point");
      return found !== undefined;
    },
    strike: (blow) => {
      if (living === undefined || !stormy()) return;
      const { process } = living;
      if (blow.kind === "kill") process.kill("by chance");
      else if (blow.kind === "leave") leave(living, blow.forMs);
      else if (!process.cutOff) lose(process, blow, world);
    },
  };
};

/** It reaches no broker for a while; where it freezes, nothing reaches it either. */
const lose = (process: Process, { kind, forMs }: Blow, { broker, time, trace }: PlaceWorld): void => {
  trace.add(process.name, () => (kind === "freeze" ? `freezes for ${forMs} ms` : `reaches no broker for ${forMs} ms`));
  if (kind === "freeze") process.freeze();
  process.cutOff = true;
  broker.cutOff(process.name);
  time.after(forMs, () => {
    if (!process.alive()) return;
    trace.add(process.name, () => (kind === "freeze" ? "thaws" : "reaches the broker again"));
    process.cutOff = false;
    broker.reconnect(process.name);
    process.thaw();
  });
};
