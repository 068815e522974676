/** Who series are of, in the stories of alerts, as a selector has it inside its braces. */

/** A worker. */
export const worker = 'job="sluice", service="worker", instance="worker:9400"';
/** A relay. */
export const relay = 'job="sluice", service="relay", instance="relay:9400"';
/** A second relay, or whatever stands beside the first process. */
export const other = 'job="sluice", service="relay", instance="relay-2:9400"';
/** An API. */
export const api = 'job="sluice", service="api", instance="api:9400"';
/** The topology that stories are about. */
export const coupons = 'topology="coupon-issuing"';
/** A partition of its topic. */
export const partition = `${coupons}, partition="coupon-issue/0"`;
/** Labels of an alert about that topology. */
export const forCoupons = { topology: "coupon-issuing" };
/** Labels of an alert about the outbox. */
export const outbox = { outbox: "payments" };
