/** The console's address, as its log has it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { addressIn, storyIn } from "./console.ts";

test("addressIn: is the latest address when the one before was used", () => {
  const log = `{"level":30,"msg":"up"}
console: http://127.0.0.1:8095/#login=first
{"level":30}
console: http://127.0.0.1:8095/#login=second
`;
  assert.equal(addressIn(log), "http://127.0.0.1:8095/#login=second");
  assert.equal(addressIn("nothing yet"), undefined);
});

test("storyIn: leads to the first request of a coupon's partition, in a browser where there is a console", () => {
  assert.match(
    storyIn("http://127.0.0.1:8095/#login=x", "summer"),
    /^http:\/\/127.0.0.1:8095\/story\/coupon-issue\/\d\/0$/,
  );
  assert.match(storyIn("npm run sluice -- console", "summer"), /^npm run sluice -- story coupon-issue\/\d\/0$/);
});
