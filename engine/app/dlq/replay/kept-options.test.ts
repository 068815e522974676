/** Nothing that is typed is passed over in silence. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { exitCodes } from "../../cli.ts";
import { refuseReplanning } from "./kept-options.ts";

const what = "a resumed job";

test("refuseReplanning: names every option and id when what was planned would change", () => {
  const options = ["topology", "resume", "maxAttempts", "wait", "fingerprint", "all"];
  assert.throws(() => refuseReplanning({ what, options, ids: ["in/1/2"] }), {
    code: "USAGE",
    exitCode: exitCodes.usage,
    message:
      "a resumed job keeps what it was planned with: --max-attempts, --no-wait, --fingerprint, --all, in/1/2 cannot be given " +
      "beside it",
  });
});

test("refuseReplanning: lets through who, why and how long to wait", () => {
  const options = ["topology", "reason", "resume", "actor", "yes", "lockTimeout", "waitTimeout", "json"];
  refuseReplanning({ what, options, ids: [] });
});
