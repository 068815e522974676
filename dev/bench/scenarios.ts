/** The workloads of the benchmark: who asks for which coupon, in which order. Pure. */

/** One workload over a preloaded topic. */
export interface Scenario {
  readonly name: string;
  /** What it shows, for the report. */
  readonly about: string;
  /** Coupons to open, with their stock. */
  readonly coupons: readonly { readonly couponId: string; readonly stock: number }[];
  readonly requests: number;
  /** The n-th request. */
  readonly ask: (n: number) => { readonly couponId: string; readonly userId: string };
  /** How many of the requests must be issued: fewer, or more, and the run counts for nothing. */
  readonly issued: number;
}

/** Everybody wants the same coupon, and everybody gets one. */
export const hot = (prefix: string, requests: number): Scenario => ({
  name: "hot",
  about: "one hot coupon",
  coupons: [{ couponId: `${prefix}-hot`, stock: requests }],
  requests,
  ask: (n) => ({ couponId: `${prefix}-hot`, userId: `user-${n}` }),
  issued: requests,
});

/** The hot coupon, and every tenth user asks twice. */
export const duplicates = (prefix: string, users: number): Scenario => {
  const couponId = `${prefix}-dup`;
  return {
    name: "duplicates",
    about: "one hot coupon, 10 % of the users ask twice",
    coupons: [{ couponId, stock: users }],
    requests: users + Math.floor(users / 10),
    // Eleven requests for ten users: the eleventh repeats the first of them.
    ask: (n) => ({ couponId, userId: `user-${Math.floor(n / 11) * 10 + (n % 11 === 10 ? 0 : n % 11)}` }),
    issued: users,
  };
};

/** A thousand coupons, asked for alike. */
export const uniform = (prefix: string, requests: number, coupons = 1_000): Scenario => ({
  name: "uniform",
  about: coupons === 1 ? "one coupon" : `${coupons} coupons, asked for alike`,
  coupons: Array.from({ length: coupons }, (_, at) => ({
    couponId: `${prefix}-uni-${at}`,
    stock: Math.ceil(requests / coupons),
  })),
  requests,
  ask: (n) => ({ couponId: `${prefix}-uni-${n % coupons}`, userId: `user-${n}` }),
  issued: requests,
});
