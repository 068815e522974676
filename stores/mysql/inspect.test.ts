/** What lines of SHOW GRANTS give. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { missingRights, rightsToApply, rightsToRun } from "./inspect.ts";

const cases = [
  [
    "all on every schema",
    ["GRANT ALL PRIVILEGES ON *.* TO `root`@`%` IDENTIFIED BY PASSWORD '*1' WITH GRANT OPTION"],
    [],
  ],
  ["all on the schema", ["GRANT USAGE ON *.* TO `app`@`%`", "GRANT ALL PRIVILEGES ON `shop`.* TO `app`@`%`"], []],
  ["all on a pattern", ["GRANT ALL PRIVILEGES ON `sh%`.* TO `app`@`%`"], []],
  ["all on an escaped name", ["GRANT ALL PRIVILEGES ON `sh\\_op`.* TO app@'%'"], rightsToRun],
  ["some", ["GRANT SELECT, INSERT, UPDATE ON `shop`.* TO `app`@`%`"], ["DELETE"]],
  ["another schema", ["GRANT ALL PRIVILEGES ON `other`.* TO `app`@`%`"], rightsToRun],
  ["one table", ["GRANT ALL PRIVILEGES ON `shop`.`coupon` TO `app`@`%`"], rightsToRun],
  ["all on an escaped character", ["GRANT ALL PRIVILEGES ON `s\\hop`.* TO app@'%'"], []],
  ["nothing", ["GRANT USAGE ON *.* TO `app`@`%`"], rightsToRun],
  ["another dot", ["GRANT ALL PRIVILEGES ON `s.op`.* TO `app`@`%`"], rightsToRun],
] as const;

for (const [what, grants, missing] of cases)
  test(`missingRights: answers ${missing.join(", ") || "none"} when there is ${what}`, () => {
    assert.deepEqual(missingRights({ grants, schema: "shop" }, rightsToRun), missing);
  });

test("missingRights: tells rights to apply from rights to run", () => {
  const grants = ["GRANT SELECT, INSERT, UPDATE, DELETE ON `shop`.* TO `app`@`%`"];
  assert.deepEqual(missingRights({ grants, schema: "shop" }, rightsToApply), rightsToApply);
});
