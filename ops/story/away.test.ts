/** What is away takes its part of a story with it, and not the rest. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Fatal, Unavailable } from "../../engine/errors.ts";
import { RegistryUnavailable } from "../../engine/registry/http.ts";
import { createAway } from "./away.ts";

const rejecting = (error: Error) => (): Promise<string> => Promise.reject(error);

test("away: answers something instead, and remembers each cause once, when a service is away", async () => {
  const away = createAway();
  const redis = rejecting(new Unavailable("redis", "no answer"));
  assert.equal(await away.orElse("none", redis), "none");
  assert.equal(await away.orElse("none", redis), "none");
  assert.equal(await away.orElse("none", rejecting(new RegistryUnavailable("schema 1", {}))), "none");
  assert.equal(await away.orElse("none", async () => "some"), "some");
  const [first, second, ...more] = away.sentences();
  assert.match(first ?? "", /^what is there: redis is unavailable/);
  assert.match(second ?? "", /^what records say: the schema registry did not answer/);
  assert.deepEqual(more, []);
});

test("away: passes an error on when nothing is away", async () => {
  const away = createAway();
  await assert.rejects(away.orElse("none", rejecting(new Fatal("WRONG", "wrong"))), { code: "WRONG" });
  assert.deepEqual(away.sentences(), []);
});
