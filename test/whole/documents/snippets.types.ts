/** Snippets of docs/schemas.md and docs/dead-letters.md where they compile; snippets.test.ts compares their text. Never run. */
import type { App } from "../../../engine/app/define-app.ts";
import type { EngineConfig } from "../../../engine/app/config/engine-config.ts";

export const fix = (value: { amount: number }) => ({ ...value, amount: value.amount / 100 });

export const app: Pick<App<EngineConfig>, "schemas"> = {
  schemas: {
    history: new URL("./schemas/versions/", import.meta.url),
    allowances: [
      {
        subject: "coupon-issued-value",
        rule: "FIELD_RENAMED",
        path: "coupon.v1.CouponIssued.until",
        reason: "nobody wrote it yet",
        until: "2026-12-31",
      },
    ],
  },
};
