/**
 * The gate's Lua. One hash a coupon: `left` is its counter, `u:<user>` the reservation that user holds a unit by, `epoch`
 * the highest epoch that wrote here. So a flush, an eviction or an expiry takes all of it together, and the next round
 * starts again from the database. No field of a user can be another: theirs all begin with `u:`.
 *
 * KEYS are the coupons' hashes. ARGV begins with the epoch of the caller's lease, 0 for none: a hash that knows a higher one
 * is left alone. The scripts that write begin with the time to live in seconds before that. Then, for each key in turn,
 * the number of its takes and a user and a reservation for each. One HMGET, one HSET and one EXPIRE a coupon, whatever the
 * number of takes: calls are what a script spends its time on. At most 1,000 takes go into one script, because `unpack`
 * fails near 8,000 values and Redis serves no other client meanwhile.
 */
import { script } from "./script.ts";

/**
 * Answers one letter a take, in the order of ARGV: t taken, n none left, u uninitialised, o held by another reservation,
 * f the epoch is not the latest.
 */
export const reserveScript = script(`
local ttl, epoch, at, answers = ARGV[1], tonumber(ARGV[2]), 3, {}
for k = 1, #KEYS do
  local key, count = KEYS[k], tonumber(ARGV[at])
  local fields = { 'left', 'epoch' }
  for i = 1, count do fields[i + 2] = 'u:' .. ARGV[at + 2 * i - 1] end
  local found = redis.call('HMGET', key, unpack(fields))
  local left, known = tonumber(found[1] or nil), tonumber(found[2] or 0)
  local stale = epoch > 0 and known > epoch
  local marks, taken = { 'left', '' }, {}
  for i = 1, count do
    local field, reservation = fields[i + 2], ARGV[at + 2 * i]
    local holder = found[i + 2] or taken[field]
    local answer = 'n'
    if stale then
      answer = 'f'
    elseif not left then
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
  if left and epoch > known then
    marks[#marks + 1] = 'epoch'
    marks[#marks + 1] = epoch
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

/** Gives back only what a mark holds for that very reservation; answers how many hashes know a higher epoch. */
export const releaseScript = script(`
local epoch, at, refused = tonumber(ARGV[1]), 2, 0
for k = 1, #KEYS do
  local key, count = KEYS[k], tonumber(ARGV[at])
  local fields = { 'epoch' }
  for i = 1, count do fields[i + 1] = 'u:' .. ARGV[at + 2 * i - 1] end
  local found = redis.call('HMGET', key, unpack(fields))
  local gone, seen = {}, {}
  if epoch > 0 and tonumber(found[1] or 0) > epoch then
    refused = refused + 1
  else
    for i = 1, count do
      local field = fields[i + 1]
      if found[i + 1] == ARGV[at + 2 * i] and not seen[field] then
        seen[field] = true
        gone[#gone + 1] = field
      end
    end
  end
  if #gone > 0 then
    redis.call('HDEL', key, unpack(gone))
    redis.call('HINCRBY', key, 'left', #gone)
  end
  at = at + 1 + 2 * count
end
return refused
`);

/** ARGV: the time to live, the epoch, then a value for each key. Sets the counters that don't exist. */
export const initialiseScript = script(`
local ttl, epoch = ARGV[1], tonumber(ARGV[2])
for k = 1, #KEYS do
  if redis.call('HSETNX', KEYS[k], 'left', ARGV[k + 2]) == 1 then
    if epoch > 0 then redis.call('HSET', KEYS[k], 'epoch', epoch) end
    redis.call('EXPIRE', KEYS[k], ttl)
  end
end
return 0
`);

/**
 * Answers the counter and the number of marks of each key, in order; nil and 0 where there is none. One command for a thousand
 * coupons: as commands of their own they were a thousand writes a second in a worker that had nothing to do.
 */
export const countersScript = script(`
local answers = {}
for k = 1, #KEYS do
  local found = redis.call('HMGET', KEYS[k], 'left', 'epoch')
  answers[2 * k - 1] = found[1]
  answers[2 * k] = found[1] and redis.call('HLEN', KEYS[k]) - (found[2] and 2 or 1) or 0
end
return answers
`);
