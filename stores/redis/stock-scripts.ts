/**
 * The gate's Lua. One hash a coupon: `left` is its counter, `u:<user>` the reservation that user holds a unit by. So a
 * flush, an eviction or an expiry takes counter and marks together, and the next round starts again from the database.
 * No field of a user can be the counter: theirs all begin with `u:`.
 *
 * KEYS are the coupons' hashes. ARGV is, for each key in turn, the number of its takes and then a user and a
 * reservation for each; the scripts that write begin with the time to live in seconds. One HMGET, one HSET and one
 * EXPIRE a coupon, whatever the number of takes: calls are what a script spends its time on. At most 1,000 takes go
 * into one script, because `unpack` fails near 8,000 values and Redis serves nobody else meanwhile.
 */
import { script } from "./script.ts";

/** Answers one letter a take, in the order of ARGV: t taken, n none left, u uninitialised, o held by another reservation. */
export const reserveScript = script(`
local ttl, at, answers = ARGV[1], 2, {}
for k = 1, #KEYS do
  local key, count = KEYS[k], tonumber(ARGV[at])
  local fields = { 'left' }
  for i = 1, count do fields[i + 1] = 'u:' .. ARGV[at + 2 * i - 1] end
  local found = redis.call('HMGET', key, unpack(fields))
  local left = tonumber(found[1] or nil)
  local marks, taken = { 'left', '' }, {}
  for i = 1, count do
    local field, reservation = fields[i + 1], ARGV[at + 2 * i]
    local holder = found[i + 1] or taken[field]
    local answer = 'n'
    if not left then
      answer = 'u'
    elseif holder then
      answer = holder == reservation and 't' or 'o'
    elseif left > 0 then
      left = left - 1
      taken[field] = reservation
      marks[#marks + 1] = field
      marks[#marks + 1] = reservation
      answer = 't'
    end
    answers[#answers + 1] = answer
  end
  if #marks > 2 then
    marks[2] = left
    redis.call('HSET', key, unpack(marks))
    redis.call('EXPIRE', key, ttl)
  end
  at = at + 1 + 2 * count
end
return table.concat(answers)
`);

/** Gives back only what a mark holds for that very reservation; answers how many units that was. */
export const releaseScript = script(`
local at, total = 1, 0
for k = 1, #KEYS do
  local key, count = KEYS[k], tonumber(ARGV[at])
  local fields = {}
  for i = 1, count do fields[i] = 'u:' .. ARGV[at + 2 * i - 1] end
  local found = redis.call('HMGET', key, unpack(fields))
  local gone, seen = {}, {}
  for i = 1, count do
    local field = fields[i]
    if found[i] == ARGV[at + 2 * i] and not seen[field] then
      seen[field] = true
      gone[#gone + 1] = field
    end
  end
  if #gone > 0 then
    redis.call('HDEL', key, unpack(gone))
    redis.call('HINCRBY', key, 'left', #gone)
    total = total + #gone
  end
  at = at + 1 + 2 * count
end
return total
`);

/** ARGV: the time to live, then a value for each key. Sets the counters that don't exist; answers how many those were. */
export const initialiseScript = script(`
local set = 0
for k = 1, #KEYS do
  if redis.call('HSETNX', KEYS[k], 'left', ARGV[k + 1]) == 1 then
    redis.call('EXPIRE', KEYS[k], ARGV[1])
    set = set + 1
  end
end
return set
`);
