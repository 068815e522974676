// Replies as Redis 6 and 7 word them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { AccessRefused, isHeld } from "../../engine/errors.ts";
import { redisFailure } from "./connection.ts";
import { redisErrorOf } from "./error-table.ts";

for (const [reply, code, means] of [
  ["LOADING Redis is loading the dataset in memory", "LOADING", "away"],
  ["READONLY You can't write against a read only replica.", "READONLY", "away"],
  ["MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", "MASTERDOWN", "away"],
  ["OOM command not allowed when used memory > 'maxmemory'. script: 4ca2, on @user_script:1.", "OOM", "away"],
  ["ERR Error running script (call to f_4ca2): @user_script:4: -OOM command not allowed", "OOM", "away"],
  ["MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist", "MISCONF", "away"],
  ["BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.", "BUSY", "away"],
  ["NOREPLICAS Not enough good replicas to write.", "NOREPLICAS", "away"],
  ["CLUSTERDOWN The cluster is down", "CLUSTERDOWN", "away"],
  ["ERR max number of clients reached", "ERR", "away"],
  ["MOVED 3999 127.0.0.1:6381", "MOVED", "fatal"],
  ["CROSSSLOT Keys in request don't hash to the same slot", "CROSSSLOT", "fatal"],
  ["NOAUTH Authentication required.", "NOAUTH", "refused"],
  ["WRONGPASS invalid username-password pair or user is disabled.", "WRONGPASS", "refused"],
  ["NOPERM this user has no permissions to run the 'evalsha' command", "NOPERM", "refused"],
  ["WRONGTYPE Operation against a key holding the wrong kind of value script: 4ca2", "WRONGTYPE", "poison"],
  ["ERR Error running script (call to f_4ca2): @user_script:7: WRONGTYPE Operation against", "WRONGTYPE", "poison"],
  ["ERR hash value is not an integer script: 4ca2, on @user_script:9.", "ERR", "refused"],
  ["NEWCODE of a later release", "NEWCODE", "refused"],
  ["ERR unknown command 'evalsha', with args beginning with: '4ca2'", "ERR", "refused"],
  ["ERR max daily request limit exceeded. Limit: 10000, Usage: 10001.", "ERR", "refused"],
  ["ERR Error running script (call to f_4ca2): Script killed by user with SCRIPT KILL...", "ERR", "refused"],
  ["something else", "ERR", "refused"],
] as const) {
  test(`redis error: is ${means} when the reply is ${JSON.stringify(reply.slice(0, 40))}`, () => {
    assert.deepEqual(redisErrorOf(reply), { code, means });
  });
}

for (const reply of [
  "ERR unknown command 'evalsha', with args beginning with: '4ca2'",
  "ERR max daily request limit exceeded. Limit: 10000, Usage: 10001.",
  "upstream failure",
  "NEWCODE of a later release",
]) {
  test(`redis error: is held, and dead-letters nothing, when the reply is ${JSON.stringify(reply.slice(0, 40))}`, () => {
    const failure = redisFailure(Object.assign(new Error(reply), { name: "ReplyError" }));
    assert.ok(failure instanceof AccessRefused && isHeld(failure));
    assert.ok(failure.message.includes(reply));
  });
}
