/** What upkeep of a coupon worker does about whose gate its Redis is. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Poison, StartRefused, Unavailable } from "../../engine/errors.ts";
import type { UpkeepPass } from "../../engine/worker/upkeep.ts";
import { GateOwnerUnreadable } from "../../stores/redis/gate-owner.ts";
import { claiming } from "./coupon-worker.ts";

const own: UpkeepPass = {
  touched: [],
  owns: () => true,
  exclusive: async () => undefined,
  signal: new AbortController().signal,
};
const passes = async (claim: () => Promise<void>) => {
  let made = 0;
  const how = await claiming(claim, async () => void made++)(own).catch((error: unknown) => error);
  return { made, how };
};

test("upkeep: makes its pass, and says afterwards what is wrong, when the owner of the gate cannot be read", async () => {
  const { made, how } = await passes(() => Promise.reject(new GateOwnerUnreadable({})));
  assert.equal(made, 1);
  assert.ok(how instanceof Poison && how.code === "GATE_OWNER_UNREADABLE");
});

test("upkeep: makes no pass when the gate is another database's, or Redis is away", async () => {
  for (const error of [new StartRefused("GATE_OF_OTHER_DATABASE", "no"), new Unavailable("redis", "away")])
    assert.deepEqual(await passes(() => Promise.reject(error)), { made: 0, how: error });
  assert.deepEqual(await passes(async () => {}), { made: 1, how: undefined });
});
