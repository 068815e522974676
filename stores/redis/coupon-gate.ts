/** The gate as it is looked at and repaired: counters and marks as Redis has them. */
import { Fatal, Fenced } from "../../engine/errors.ts";
import type { Fence } from "../../engine/lease.ts";
import { type CouponGate, type Mark, repairMaxMarks } from "../../processors/coupons/reconcile-coupons.ts";
import type { ReservationId, UserId } from "../../schemas/coupon.ts";
import { type RedisConnection, reaching } from "./connection.ts";
import { readCounters, stockKey } from "./coupon-stock.ts";
import { runScript, script } from "./script.ts";

/**
 * KEYS: the coupon's hash. ARGV: the epoch of the caller's lease, the counter as it was seen (empty where it was no number),
 * the counter as it should be, then a user and a reservation for each mark to drop. Answers how many marks went, -1
 * where the counter is another one by now or gone, -2 where the hash knows a higher epoch.
 */
const repairScript = script(`
local key, epoch = KEYS[1], tonumber(ARGV[1])
local known = redis.call('HMGET', key, 'left', 'epoch')
if epoch > 0 and tonumber(known[2] or 0) > epoch then return -2 end
if not known[1] or tonumber(known[1]) ~= tonumber(ARGV[2]) then return -1 end
local fields, gone = {}, {}
for i = 4, #ARGV, 2 do fields[#fields + 1] = 'u:' .. ARGV[i] end
if #fields > 0 then
  local found = redis.call('HMGET', key, unpack(fields))
  for i = 1, #fields do
    if found[i] == ARGV[2 * i + 3] then gone[#gone + 1] = fields[i] end
  end
end
local dropped = 0
if #gone > 0 then dropped = redis.call('HDEL', key, unpack(gone)) end
redis.call('HSET', key, 'left', ARGV[3])
if epoch > tonumber(known[2] or 0) then redis.call('HSET', key, 'epoch', epoch) end
return dropped
`);

/** The {@link CouponGate} of a Redis, to the holder of a lease. @throws Fatal above 1,000 marks to drop. */
export const couponGate = (redis: RedisConnection, fence?: Fence): CouponGate => ({
  counters: (couponIds) => readCounters(redis, couponIds),
  marks: async (couponId, from = "0") => {
    const [next, fields] = await reaching(() => redis.client.hscan(stockKey(couponId), from, "COUNT", repairMaxMarks));
    return { marks: marksOf(fields), next: next === "0" ? undefined : next };
  },
  repair: async ({ couponId, seen, left, drop }) => {
    if (drop.length > repairMaxMarks) throw new Fatal("REPAIR_TOO_LARGE", `at most ${repairMaxMarks} marks a repair`);
    const epoch = String(fence?.epoch ?? 0);
    const marks = drop.flatMap(({ userId, reservationId }) => [userId, reservationId]);
    const answer = await runScript(redis.client, repairScript, {
      keys: [stockKey(couponId)],
      values: [epoch, Number.isNaN(seen) ? "" : String(seen), String(left), ...marks],
    });
    if (answer === -2 && fence !== undefined) throw new Fenced(fence, undefined);
    return typeof answer === "number" && answer >= 0 ? answer : undefined;
  },
});

/** Field and value in turn; fields of users begin with `u:`. The casts give ids their names back: only checked ones are written. */
const marksOf = (fields: readonly string[]): readonly Mark[] => {
  const marks: Mark[] = [];
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [field, value] = [fields[at] ?? "", fields[at + 1] ?? ""];
    if (field.startsWith("u:")) marks.push({ userId: field.slice(2) as UserId, reservationId: value as ReservationId });
  }
  return marks;
};
