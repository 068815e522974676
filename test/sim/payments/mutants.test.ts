/** Proof that seeds of payments can fail: every broken line is caught. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { huntAgain } from "../hunt.ts";
import { paymentMutants } from "./mutants.ts";

/** Seeds within which each mutant is caught. Those that show rarely name worlds they show in. */
const withinSeeds = 200;
for (const mutant of paymentMutants) {
  test(`simulation of payments: catches the mutant when broken is the ${mutant.breaks}`, async () => {
    const { caughtBy } = await huntAgain(mutant, withinSeeds);
    assert.notEqual(caughtBy, undefined);
  });
}
