/** What every world begins with: chance, time, the storm's end, a trace, and what was found not to be as claimed. */
import { createDice, type Dice } from "./dice.ts";
import type { Broke, Broken } from "../story.ts";
import { beginningAt, createTime, type Time } from "./time.ts";
import { createTrace, type Trace } from "../trace.ts";

/** A world's beginnings. */
export interface Stage<Drawn, Claim extends string> {
  readonly dice: Dice;
  readonly time: Time;
  readonly scenario: Drawn;
  /** Virtual epoch ms. */
  readonly stormEndsAt: number;
  /** True while faults strike. */
  readonly stormy: () => boolean;
  readonly trace: Trace;
  readonly broken: Broken<Claim>[];
  readonly broke: Broke<Claim>;
}

/** Sets a stage: its scenario is the first that is drawn. */
export const setStage = <Drawn extends { readonly stormMs: number }, Claim extends string>(
  seed: number,
  { draw, traced }: { readonly draw: (dice: Dice) => Drawn; readonly traced: boolean },
): Stage<Drawn, Claim> => {
  const dice = createDice(seed);
  const time = createTime(dice);
  const scenario = draw(dice);
  const stormEndsAt = beginningAt + scenario.stormMs;
  const trace = createTrace(traced, time.now);
  const broken: Broken<Claim>[] = [];
  const broke: Broke<Claim> = (claim, what, about = []) => {
    trace.add("CLAIM", () => `BROKEN, ${claim}: ${what}`, about);
    broken.push({ claim, what, about });
  };
  return { dice, time, scenario, stormEndsAt, stormy: () => time.now() < stormEndsAt, trace, broken, broke };
};
