/** The console's address, as its log has it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { addressIn } from "./console.ts";

test("addressIn: is the latest address when the one before was used", () => {
  const log = `{"level":30,"msg":"up"}
console: http://127.0.0.1:8095/#login=first
{"level":30}
console: http://127.0.0.1:8095/#login=second
`;
  assert.equal(addressIn(log), "http://127.0.0.1:8095/#login=second");
  assert.equal(addressIn("nothing yet"), undefined);
});
