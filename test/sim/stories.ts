/** The stories of each kind of world. */
import type { PaymentScenario } from "./payments/scenario.ts";
import { paymentStories } from "./payments/simulate.ts";
import type { Scenario } from "./coupons/scenario.ts";
import { couponStories } from "./coupons/simulate.ts";
import type { Stories } from "./story.ts";

/** A kind of world; what of every seed's is chosen and not drawn. */
export type Chosen =
  | { readonly kind: "coupons"; readonly world?: Partial<Scenario> }
  | { readonly kind: "payments"; readonly world?: Partial<PaymentScenario> };

/** Its stories. */
export const storiesOf = (chosen: Chosen): Stories => {
  switch (chosen.kind) {
    case "coupons":
      return couponStories(chosen.world);
    case "payments":
      return paymentStories(chosen.world);
  }
};
