/** A look into the gate, and its repair: counters and marks as Redis has them. */
import type { Take } from "../../processors/coupon-ports.ts";
import { Fenced } from "../../processors/errors.ts";
import type { Fence } from "../../processors/lease.ts";
import type { GateRepair } from "../../processors/reconcile-coupons.ts";
import type { CouponId, ReservationId, UserId } from "../../schemas/coupon.ts";
import { type RedisConnection, reaching } from "./connection.ts";
import { stockKey } from "./coupon-stock.ts";
import { runScript, script } from "./script.ts";

/** Marks that one HSCAN looks at, and one script drops: about a millisecond of Redis each. */
const pageMarks = 1_000;

/**
 * KEYS: the coupon's hash. ARGV: the epoch of the caller's lease, what the counter is to say, then a user and a reservation for
 * each mark to drop. Answers 1, 0 where there is no counter, -1 where the hash knows a higher epoch.
 */
const repairScript = script(`
local key, epoch = KEYS[1], tonumber(ARGV[1])
local known = redis.call('HMGET', key, 'left', 'epoch')
if not known[1] then return 0 end
if epoch > 0 and tonumber(known[2] or 0) > epoch then return -1 end
for i = 3, #ARGV, 2 do
  local field = 'u:' .. ARGV[i]
  if redis.call('HGET', key, field) == ARGV[i + 1] then redis.call('HDEL', key, field) end
end
redis.call('HSET', key, 'left', ARGV[2])
if epoch > 0 then redis.call('HSET', key, 'epoch', epoch) end
return 1
`);

/** The {@link GateRepair} of a Redis, to the holder of a lease. */
export const gateRepair = ({ client }: RedisConnection, fence?: Fence): GateRepair => ({
  left: async (couponIds) => {
    // Sent together: one turn for all of them.
    const values = await reaching(() => Promise.all(couponIds.map((id) => client.hget(stockKey(id), "left"))));
    return new Map(
      couponIds.flatMap((couponId, at) => (values[at] == null ? [] : [[couponId, Number(values[at])] as const])),
    );
  },
  marks: async (couponId, cursor = "0") => {
    const [next, fields] = await reaching(() => client.hscan(stockKey(couponId), cursor, "COUNT", pageMarks));
    return { marks: marksOf(couponId, fields), next: next === "0" ? undefined : next };
  },
  repair: async (couponId, { left, drop }) => {
    const keys = [stockKey(couponId)];
    const epoch = String(fence?.epoch ?? 0);
    for (let from = 0; from === 0 || from < drop.length; from += pageMarks) {
      const some = drop.slice(from, from + pageMarks).flatMap(({ userId, reservationId }) => [userId, reservationId]);
      const answer = await runScript(client, repairScript, { keys, values: [epoch, String(left), ...some] });
      if (answer === -1 && fence !== undefined) throw new Fenced(fence, undefined);
    }
  },
});

/** Field and value in turn; fields of users begin with `u:`. The casts give ids their names back: only checked ones are written. */
const marksOf = (couponId: CouponId, fields: readonly string[]): readonly Take[] => {
  const marks: Take[] = [];
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [field, value] = [fields[at] ?? "", fields[at + 1] ?? ""];
    if (field.startsWith("u:"))
      marks.push({ couponId, userId: field.slice(2) as UserId, reservationId: value as ReservationId });
  }
  return marks;
};
