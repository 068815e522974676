/** Proof that seeds of coupons can fail: every broken line is caught. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { huntAgain } from "../hunt.ts";
import { feedMutants } from "./feed-mutants.ts";
import { couponMutants } from "./mutants.ts";

/** Seeds within which each mutant is caught. Those that show rarely name worlds they show in. */
const withinSeeds = 200;
for (const mutant of [...couponMutants, ...feedMutants]) {
  test(`simulation of coupons: catches the mutant when broken is the ${mutant.breaks}`, async () => {
    const { caughtBy } = await huntAgain(mutant, withinSeeds);
    assert.notEqual(caughtBy, undefined);
  });
}
