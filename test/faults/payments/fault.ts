/** A fault of payments: as those of coupon issuing, with a stage and findings of its own. */
import type { FaultOf, FaultRunOf, TriedOf } from "../fault.ts";
import type { PayFindings } from "./judge/judge.ts";
import type { PayScene } from "./scene.ts";

/** A kind of fault of payments. */
export type PayFault = FaultOf<PayScene, PayFindings>;

/** How it is tried. */
export type PayFaultRun = FaultRunOf<PayScene>;

/** What came of it. `recoveriesMs` is how long it took until all was at rest, once the load or the outage had ended. */
export type PayTried = TriedOf<PayFindings>;
