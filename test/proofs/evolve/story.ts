/** One evolution of the shop, under load: the commands of an operator, the roll, and what is left to account for afterwards. */
import { mintToken } from "../../../api/tokens/token.ts";
import { type Ask, planBurst } from "../../../dev/demo/requests.ts";
import { note } from "../../../engine/app/cli.ts";
import type { Config } from "../../../ops/config.ts";
import { readFacts } from "../../../ops/verify/read-facts.ts";
import type { ReservationId } from "../../../schemas/coupon.ts";
import { type Load, type Reply, startLoad } from "./load.ts";
import { recordsByVersion } from "./records.ts";
import { type Ran, type Release, runSluice } from "./release.ts";
import { type Fleet, type Phase, roll, type StartOf } from "./rollout.ts";

/** What a story is told with. */
export interface Stage {
  readonly config: Config;
  readonly env: NodeJS.ProcessEnv;
  readonly start: StartOf;
  readonly signal: AbortSignal;
}

/** Which release follows which, and how. */
export interface Evolution {
  readonly from: Fleet;
  readonly to: Release;
  readonly first: "workers" | "apis";
}

/** A command and the exit code that it should have. */
export interface Operated extends Ran {
  readonly expected: number;
}

/** What came of it. */
export interface Told {
  readonly first: Evolution["first"];
  readonly commands: readonly Operated[];
  readonly phases: readonly Phase[];
  /** Replies by how they ended. */
  readonly replies: Readonly<Record<Reply["status"], number>>;
  /** Accepted by an API; of those in the topic; of those whose client was told the verdict that the database has. */
  readonly accepted: number;
  readonly inTopic: number;
  readonly withVerdict: number;
  readonly deadLetters: number;
  readonly records: Readonly<Record<string, number>>;
  readonly seconds: number;
  readonly held: boolean;
}

const perSecond = 200;
const decisionsEach = 600;
/** Keys enough that every partition has some, so that workers of both releases decide at once. */
const couponsEach = 12;
const stock = 10_000;
/** More than are sent: a roll takes as long as it takes. */
const mostAsks = 60_000;

/** Tells it. Answers what runs afterwards. */
export const evolveUnderLoad = async (
  stage: Stage,
  evolution: Evolution,
): Promise<{ readonly told: Told; readonly fleet: Fleet }> => {
  const { config, env } = stage;
  const startedAt = performance.now();
  const prefix = `${evolution.first}-first`;
  const subject = "coupon-issue-value";
  const coupons = Array.from({ length: couponsEach }, (_, n) => `${prefix}-${n}`);
  const tokenOf = tokens(config);
  for (const couponId of coupons) await openCoupon(evolution.from.api.url, tokenOf("boss", "admin"), couponId);
  const load = startLoad({ asks: asksFor(coupons), tokenOf, perSecond, urls: [evolution.from.api.url] });
  const commands: Operated[] = [];
  const operate = async (expected: number, ...args: readonly string[]): Promise<void> => {
    const ran = await runSluice(evolution.to, env, args);
    note(`  sluice ${ran.command}: exit ${ran.exitCode}, ${ran.tookMs} ms`);
    if (ran.exitCode !== expected) note(ran.text);
    commands.push({ ...ran, expected });
  };
  let replies: readonly Reply[] = [];
  let rolled: Awaited<ReturnType<typeof roll>>;
  try {
    await operate(0, "schema", "check");
    await operate(0, "schema", "evolve", subject, "--reason", "the proof", "--actor", "proof");
    await operate(3, "topology", "plan", "--exit-code");
    await operate(0, "topology", "apply", "--yes", "--reason", "the proof", "--actor", "proof");
    await operate(0, "topology", "plan", "--exit-code");
    rolled = await roll({ load, start: stage.start, decisionsEach, signal: stage.signal }, evolution);
    await operate(0, "schema", "check");
  } finally {
    replies = await stopped(load);
  }
  await operate(0, "verify");
  const facts = await readFacts(config, prefix);
  const accepted = replies.flatMap(({ reservationId, status }) =>
    reservationId === undefined ? [] : [{ id: reservationId as ReservationId, status }],
  );
  const count = (status: Reply["status"]): number => replies.filter((reply) => reply.status === status).length;
  const told = {
    first: evolution.first,
    commands,
    phases: rolled.phases,
    replies: {
      issued: count("issued"),
      refused: count("refused"),
      undecided: count("undecided"),
      turnedAway: count("turnedAway"),
      unanswered: count("unanswered"),
    },
    accepted: accepted.length,
    inTopic: accepted.filter(({ id }) => facts.accepted.has(id)).length,
    withVerdict: accepted.filter(({ id, status }) =>
      status === "issued" ? facts.issued.has(id) : status === "refused" && facts.refused.has(id),
    ).length,
    deadLetters: facts.deadLetters,
    records: Object.fromEntries([...(await recordsByVersion(config, prefix))].toSorted()),
    seconds: Math.round((performance.now() - startedAt) / 100) / 10,
  };
  return { told: { ...told, held: isHeld(told) }, fleet: rolled.fleet };
};

/**
 * Nothing lost, nothing set aside, every client has the verdict that the database has; and it was tried: records of both
 * versions were written, and workers of both releases decided side by side.
 */
export const isHeld = (told: Omit<Told, "held">): boolean =>
  told.accepted > 0 &&
  told.inTopic === told.accepted &&
  told.withVerdict === told.accepted &&
  told.replies.undecided + told.replies.unanswered === 0 &&
  told.deadLetters === 0 &&
  Object.keys(told.records).length === 2 &&
  told.phases.every(({ byRelease }) => Object.values(byRelease).every((records) => records > 0)) &&
  told.commands.every(({ exitCode, expected }) => exitCode === expected);

const stopped = async (load: Load): Promise<readonly Reply[]> => {
  note("  the load ends");
  return load.stop();
};

/** The asks of every coupon, one of each in turn: some users ask twice. */
function* asksFor(coupons: readonly string[]): Generator<Ask> {
  const requests = Math.ceil(mostAsks / coupons.length);
  const plans = coupons.map((couponId) => planBurst({ couponId, requests, secondAskEvery: 20, unknownEvery: 0 }));
  for (let n = 0; n < requests; n++) for (const plan of plans) yield* plan.slice(n, n + 1);
}

const tokens =
  ({ tokenSecret: secret }: Config) =>
  (userId: string, role?: string): string => {
    const wish = { secret, userId, ttlMs: 3_600_000, now: Date.now() };
    return mintToken(role === undefined ? wish : { ...wish, role });
  };

const openCoupon = async (api: string, token: string, couponId: string): Promise<void> => {
  const response = await fetch(`${api}/v1/admin/coupons`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({
      ...{ couponId, policyId: "p", stock, validForDays: 1 },
      policy: { name: "P", discount: { kind: "fixed", amount: 1 }, minOrderAmount: 0 },
    }),
  });
  const text = await response.text();
  if (response.status !== 201) throw new Error(`coupon ${couponId}: expected 201, got ${response.status} ${text}`);
};
