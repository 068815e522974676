/**
 * What lies between a process and a service. A call is sent, arrives, takes effect and is answered; at each of these it
 * may go wrong as the scenario says: refused, effect without an answer, answer before the effect, slow, or the caller dies.
 * What is on its way when its caller dies still arrives.
 */
import { Retriable, Unavailable } from "../../../engine/errors.ts";
import type { Dice } from "./dice.ts";
import type { Process } from "./process.ts";
import { beginningAt, type Time } from "./time.ts";
import type { Trace } from "../trace.ts";
import type { Service, Weather } from "./weather.ts";

/** What a call is about. */
export interface CallAbout {
  readonly from: Process;
  readonly to: Service;
  /**
   * `decide`: never beside another one about the same; `sole`: beside nothing else that has effects on it; `effect`: it changes
   * something else; `read`: it changes nothing that is decided.
   */
  readonly kind: "decide" | "sole" | "effect" | "read";
  /** In a few words, for the trace. */
  readonly what: () => string;
  /** Coupons or orders it is about. */
  readonly about: readonly string[];
  /** A look that nothing waits for, a drain least of all. */
  readonly aside?: true;
  /** What it decides, one for each record; none where it decides nothing. */
  readonly decides?: () => readonly Decision[];
}

/** Something that is decided about one record. */
export interface Decision {
  readonly does: string;
  readonly couponId: string;
  readonly reservationId: string;
}

/** One call. */
export interface Call<T> extends CallAbout {
  /** Takes effect at once, when it is called; runs at most once. */
  readonly effect: () => Promise<T>;
  /** What came of it, in a few words, for the trace. */
  readonly inWords?: (answer: T) => string;
}

/** Sees every call. */
export interface CallWatcher {
  readonly began: (call: CallAbout) => void;
  /** Its caller is answered how it ended, or gives up on it. Never, where the caller is dead. */
  readonly heard?: (call: CallAbout) => void;
  /** Its answer was sent and arrived, or its effect where that comes later. */
  readonly over?: (call: CallAbout) => void;
}

/** Carries calls. */
export interface Network {
  /** Never settles where the caller is dead by then. @throws Unavailable @throws Retriable @throws what the effect throws. */
  readonly call: <T>(call: Call<T>) => Promise<T>;
  /** Calls in flight, those of dead processes included. */
  readonly inFlight: () => number;
  /** Calls so far. */
  readonly calls: () => number;
}

/** What carries calls works with. */
export interface NetworkOptions {
  readonly time: Time;
  readonly dice: Dice;
  readonly trace: Trace;
  readonly scenario: Weather;
  /** True while faults strike. */
  readonly stormy: () => boolean;
  readonly watchers: readonly CallWatcher[];
  /** The sender of the call with this number, counted from 1, dies before it is sent. */
  readonly diesBeforeCall?: number | undefined;
}

type Fate =
  | "fine"
  | "refused"
  | "answer lost"
  | "deadlock"
  | "late"
  | "slow"
  | "dies first"
  | "dies midway"
  | "dies last";

/** A caller gives up on an answer after this, ms; what it gave up on takes effect at most twice as late again. */
const giveUpMs = 300;
/** Longer than a drain, ms. */
const slowMs = 1_500;

/** A network. */
export const createNetwork = (options: NetworkOptions): Network => {
  const { time, dice, trace, scenario, watchers } = options;
  let [inFlight, calls] = [0, 0];
  const travelMs = (): number => dice.between(1, scenario.latencyMs);

  const call = <T>(one: Call<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      const { from, to, what, about } = one;
      if (!from.alive()) return;
      calls += 1;
      const fate = calls === options.diesBeforeCall ? "dies first" : fateOf(options, to);
      const say = (outcome: string): void => trace.add(from.name, () => `${to} ${what()} -> ${outcome}`, about);
      if (fate === "dies first") return from.kill(`before it sends ${what()}`);
      inFlight += 1;
      for (const { began } of watchers) began(one);
      const over = (): void => {
        inFlight -= 1;
        for (const watcher of watchers) watcher.over?.(one);
      };
      const hear = (settle: () => void): void => {
        from.reach(() => {
          for (const watcher of watchers) watcher.heard?.(one);
          settle();
        });
      };
      const answer = (settle: () => void): void => {
        time.after(travelMs(), () => {
          over();
          hear(settle);
        });
      };
      const fail = (error: Error, outcome: string): void => {
        say(outcome);
        answer(() => reject(error));
      };
      if (fate === "dies midway") time.after(0, () => from.kill(`while ${what()} is on its way`));
      if (fate === "late") {
        time.after(giveUpMs, () => hear(() => reject(new Unavailable(to, "no answer in time"))));
        say("no answer in time, on its way still");
      }
      time.after(arrivalMs(fate, dice) ?? travelMs(), () => {
        if (fate === "refused") return fail(new Unavailable(to, "refused"), "refused");
        if (fate === "deadlock") return fail(new Retriable("DEADLOCK", "deadlock"), "deadlock");
        one.effect().then(
          (value) => {
            const outcome = one.inWords?.(value) ?? "done";
            if (fate === "late") {
              say(`${outcome}, LATE`);
              return over();
            }
            if (fate === "answer lost") return fail(new Unavailable(to, "answer lost"), `${outcome}, ANSWER LOST`);
            say(outcome);
            if (fate === "dies last") from.kill(`after ${what()} took effect`);
            answer(() => resolve(value));
          },
          (error: Error) => fail(error, String(error)),
        );
      });
    });
  return { call, inFlight: () => inFlight, calls: () => calls };
};

/** Where it is not simply on its way. */
const arrivalMs = (fate: Fate, dice: Dice): number | undefined => {
  if (fate === "slow") return slowMs;
  return fate === "late" ? giveUpMs + dice.between(1, giveUpMs * 2) : undefined;
};

const fateOf = ({ time, dice, scenario, stormy }: NetworkOptions, to: Service): Fate => {
  if (!stormy()) return "fine";
  const nowMs = time.now() - beginningAt;
  if (scenario.outages.some(({ service, fromMs, untilMs }) => service === to && fromMs <= nowMs && nowMs < untilMs))
    return "refused";
  const { refused, answerLost, deadlock, late, slow, crash } = scenario.faults;
  let roll = dice.next();
  const ways: readonly (readonly [Fate, number])[] = [
    ["refused", refused],
    ["answer lost", answerLost],
    ["deadlock", to === "database" ? deadlock : 0],
    ["late", late],
    ["slow", slow],
    ["dies first", crash / 3],
    ["dies midway", crash / 3],
    ["dies last", crash / 3],
  ];
  for (const [fate, probability] of ways) {
    if (roll < probability) return fate;
    roll -= probability;
  }
  return "fine";
};
