/** The workloads of the benchmark: who asks for which coupon, in which order. Pure. */

/** One request of a workload. */
export interface ScenarioRequest {
  readonly couponId: string;
  readonly userId: string;
  /** Its record is no request at all, and becomes a dead letter. */
  readonly malformed?: boolean;
}

/** One workload over a preloaded topic. */
export interface Scenario {
  readonly name: string;
  /** What it shows, for the report. */
  readonly about: string;
  /** Coupons to open, with their stock. */
  readonly coupons: readonly { readonly couponId: string; readonly stock: number }[];
  readonly requests: number;
  /** The n-th request. */
  readonly ask: (n: number) => ScenarioRequest;
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

/** A thousand coupons, of which the first is asked for twice as often as the second, three times as often as the third, and so on. */
export const zipf = (prefix: string, requests: number, coupons = 1_000): Scenario => {
  const of = zipfRanks(requests, coupons);
  const stocks = new Uint32Array(coupons);
  for (const rank of of) stocks[rank] = (stocks[rank] ?? 0) + 1;
  return {
    name: "zipf",
    about: `${coupons} coupons, the n-th asked for 1/n as often`,
    coupons: [...stocks].map((stock, rank) => ({ couponId: `${prefix}-zipf-${rank}`, stock: Math.max(1, stock) })),
    requests,
    ask: (n) => ({ couponId: `${prefix}-zipf-${of[n]}`, userId: `user-${n}` }),
    issued: requests,
  };
};

/** Of each request the rank of its coupon, from 0: spread over the whole, and the same in every run. */
const zipfRanks = (requests: number, coupons: number): Uint16Array => {
  const upTo = Float64Array.from({ length: coupons }, (_, rank) => 1 / (rank + 1));
  for (let rank = 1; rank < coupons; rank++) upTo[rank] = (upTo[rank] ?? 0) + (upTo[rank - 1] ?? 0);
  const whole = upTo[coupons - 1] ?? 1;
  return Uint16Array.from({ length: requests }, (_, n) => {
    // Multiples of the golden ratio, modulo 1, fall everywhere alike, without a random number.
    const wanted = ((n * 0.618_033_988_749_894_9) % 1) * whole;
    let [low, high] = [0, coupons - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((upTo[middle] ?? 0) > wanted) high = middle;
      else low = middle + 1;
    }
    return low;
  });
};

/** The hot coupon, and every hundredth record is none that can be read. */
export const poison = (prefix: string, requests: number): Scenario => {
  const couponId = `${prefix}-poison`;
  const malformed = Math.floor(requests / 100);
  return {
    name: "poison",
    about: "one hot coupon, 1 % of the records malformed",
    coupons: [{ couponId, stock: requests - malformed }],
    requests,
    ask: (n) => ({ couponId, userId: `user-${n}`, malformed: n % 100 === 99 }),
    issued: requests - malformed,
  };
};

/** The hot coupon, with a unit for every tenth: what comes after the last one is refused. */
export const tail = (prefix: string, requests: number): Scenario => {
  const couponId = `${prefix}-tail`;
  const stock = Math.floor(requests / 10);
  return {
    name: "tail",
    about: "one hot coupon, sold out after 10 %",
    coupons: [{ couponId, stock }],
    requests,
    ask: (n) => ({ couponId, userId: `user-${n}` }),
    issued: stock,
  };
};
