/**
 * The gate's Lua. One hash a coupon: `left` is its counter, `marks` the reservations whose units are in flight, 32 hexadecimal
 * digits each and nothing between them, `epoch` the highest epoch that wrote here. So a flush, an eviction or an expiry takes
 * all of it together, and the next round starts again from the database. Users are not here: who has a coupon, the database knows.
 *
 * KEYS are the coupons' hashes. ARGV begins with the epoch of the caller's lease, 0 for none: a hash that knows a higher one
 * is left alone. Then comes one argument for each key. A coupon costs one HMGET and one HSET, whatever the number of its takes:
 * calls and arguments are what a script spends its time on, and Redis serves no other client meanwhile.
 *
 * There is no EXPIRE but where a counter is set: one that expires is read from the database again, and -2 is no harm.
 */
import { highestEpoch } from "../../engine/lease.ts";
import { script } from "./script.ts";

/** The digits of one mark. */
export const markDigits = 32;

/** A counter or an epoch as the gate writes them: Lua's own `tonumber` takes `nan`, `2.5` and `0x10` too, and counts on with them. */
const wholePattern = /^-?\d{1,15}$/;

/** A counter's text as a number; NaN where it is none that the gate wrote. */
export const wholeOf = (text: string): number => (wholePattern.test(text) ? Number(text) : Number.NaN);

/** As {@link wholeOf}, in Lua: nil where it is none. An epoch that no lease came to is taken for none, or its coupon would hold all others. */
const whole = `
local function whole(text)
  if text and #text <= 16 and string.find(text, '^%-?%d+$') then return tonumber(text) end
  return nil
end
local function epochOf(text)
  local epoch = whole(text) or 0
  return epoch <= ${highestEpoch} and epoch or 0
end
`;

/**
 * ARGV, for each key: the ids of its takes, no id twice. Answers a text for each key, one letter a take: t taken, n none left,
 * d none left but some in flight, u uninitialised, f the epoch is not the latest. A hash with a counter or marks that the gate never
 * wrote is answered by d as well: the database decides, and the settling of the round writes it anew.
 *
 * Most often nothing of a coupon is in flight when a round comes: the one before it has been settled, with the marks of whatever
 * was taken ahead of its turn (ADR 17). Then those
 * who get a unit are the first ones, and the marks are a piece of the argument.
 */
export const reserveScript = script(`${whole}
local epoch, answers = tonumber(ARGV[1]), {}
for k = 1, #KEYS do
  local key, ids = KEYS[k], ARGV[k + 1]
  local count = #ids / ${markDigits}
  local found = redis.call('HMGET', key, 'left', 'epoch', 'marks')
  local left, known, marks = whole(found[1]), epochOf(found[2]), found[3] or ''
  if epoch > 0 and known > epoch then
    answers[k] = string.rep('f', count)
  elseif not found[1] then
    answers[k] = string.rep('u', count)
  elseif not left or left < 0 or #marks % ${markDigits} ~= 0 then
    answers[k] = string.rep('d', count)
  else
    local taken = 0
    if marks == '' then
      taken = math.min(left, count)
      marks = string.sub(ids, 1, taken * ${markDigits})
      answers[k] = string.rep('t', taken) .. string.rep(taken > 0 and 'd' or 'n', count - taken)
    else
      local held, letters, added = {}, {}, {}
      for at = 1, #marks, ${markDigits} do held[string.sub(marks, at, at + ${markDigits - 1})] = true end
      for i = 1, count do
        local id = string.sub(ids, (i - 1) * ${markDigits} + 1, i * ${markDigits})
        if held[id] then
          letters[i] = 't'
        elseif left - taken > 0 then
          taken = taken + 1
          added[taken] = id
          letters[i] = 't'
        else
          letters[i] = 'd'
        end
      end
      marks = marks .. table.concat(added)
      answers[k] = table.concat(letters)
    end
    if taken > 0 and epoch > known then
      redis.call('HSET', key, 'left', left - taken, 'marks', marks, 'epoch', epoch)
    elseif taken > 0 then
      redis.call('HSET', key, 'left', left - taken, 'marks', marks)
    elseif epoch > known then
      redis.call('HSET', key, 'epoch', epoch)
    end
  end
end
return answers
`);

/** ARGV, for each key: ids. Gives back what has a mark, once; answers how many hashes know a higher epoch. */
export const releaseScript = script(`${whole}
local epoch, refused = tonumber(ARGV[1]), 0
for k = 1, #KEYS do
  local key, ids = KEYS[k], ARGV[k + 1]
  local found = redis.call('HMGET', key, 'left', 'epoch', 'marks')
  local left, marks = whole(found[1]), found[3] or ''
  if epoch > 0 and epochOf(found[2]) > epoch then
    refused = refused + 1
  elseif left and marks ~= '' then
    local gone, kept, freed = {}, {}, 0
    for at = 1, #ids, ${markDigits} do gone[string.sub(ids, at, at + ${markDigits - 1})] = true end
    for at = 1, #marks, ${markDigits} do
      local id = string.sub(marks, at, at + ${markDigits - 1})
      if gone[id] then freed = freed + 1 else kept[#kept + 1] = id end
    end
    if freed > 0 then redis.call('HSET', key, 'left', left + freed, 'marks', table.concat(kept)) end
  end
end
return refused
`);

/** ARGV, for each key: what the database has left. Sets the counters that exist and drops their marks; answers as a release. */
export const settleScript = script(`${whole}
local epoch, refused = tonumber(ARGV[1]), 0
for k = 1, #KEYS do
  local found = redis.call('HMGET', KEYS[k], 'left', 'epoch')
  local known = epochOf(found[2])
  if epoch > 0 and known > epoch then
    refused = refused + 1
  elseif found[1] and epoch > known then
    redis.call('HSET', KEYS[k], 'left', ARGV[k + 1], 'marks', '', 'epoch', epoch)
  elseif found[1] then
    redis.call('HSET', KEYS[k], 'left', ARGV[k + 1], 'marks', '')
  end
end
return refused
`);

/** ARGV, after the epoch: the time to live in seconds, then a counter for each key. Sets those that don't exist. */
export const initialiseScript = script(`
local epoch, ttl = tonumber(ARGV[1]), ARGV[2]
for k = 1, #KEYS do
  if redis.call('HSETNX', KEYS[k], 'left', ARGV[k + 2]) == 1 then
    if epoch > 0 then redis.call('HSET', KEYS[k], 'epoch', epoch) end
    redis.call('EXPIRE', KEYS[k], ttl)
  end
end
return 0
`);

/** Answers the counter and the number of marks of each key, in order; nil and 0 where there is none. */
export const countersScript = script(`
local answers = {}
for k = 1, #KEYS do
  local found = redis.call('HMGET', KEYS[k], 'left', 'marks')
  answers[2 * k - 1] = found[1]
  answers[2 * k] = found[1] and math.ceil(#(found[2] or '') / ${markDigits}) or 0
end
return answers
`);

/**
 * KEYS: one coupon's hash. ARGV, after the epoch: the counter as it was seen (empty where it was no number), and as it should
 * be. Answers how many marks went, -1 where the counter is another one by now or gone, -2 where the hash knows a higher epoch.
 */
export const repairScript = script(`${whole}
local key, epoch = KEYS[1], tonumber(ARGV[1])
local found = redis.call('HMGET', key, 'left', 'epoch', 'marks')
local known = epochOf(found[2])
if epoch > 0 and known > epoch then return -2 end
if not found[1] or whole(found[1]) ~= whole(ARGV[2]) then return -1 end
redis.call('HSET', key, 'left', ARGV[3], 'marks', '')
if epoch > known then redis.call('HSET', key, 'epoch', epoch) end
return #(found[3] or '') / ${markDigits}
`);
