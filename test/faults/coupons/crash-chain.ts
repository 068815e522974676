/**
 * One life after another over one growing load: each worker is armed with another fail point and dies there, the next
 * takes over what it left. At the end one worker finishes everything, and each life's own coupons are judged.
 */
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { Child } from "../../../dev/children.ts";
import { type Mint, mintWith } from "../../../dev/mint.ts";
import type { CouponId } from "../../../schemas/coupon.ts";
import { type Chance, wholeFrom } from "../chance.ts";
import { type Findings, judge } from "./judge.ts";
import type { FailPoint } from "./points.ts";
import { type Asked, asks, type LoadCoupon, requestOf } from "./requests.ts";
import { type Scene, untilQuiet } from "./scene.ts";
import { type Armed, armedText } from "../trap.ts";

/** One death that was to be. */
export interface Death {
  readonly point: string;
  readonly hit: number;
  /** Undefined where the worker died at its point; else what happened instead. */
  readonly missed: string | undefined;
}

/** What a chain came to. */
export interface ChainReport {
  readonly maxRound: number;
  readonly deaths: readonly Death[];
  readonly findings: Findings;
}

/** How large the load of one life is, and how late in it a worker may die, by the size of rounds. */
const loads = [
  { upTo: 1, records: 160, latestHit: 8 },
  { upTo: 100, records: 900, latestHit: 3 },
  { upTo: 10_000, records: 2_500, latestHit: 2 },
] as const;

/** Users of each life who have the coupon already, while the gate has forgotten it: their second asks are undone. */
const warmUsers = 20;

/** A worker that has not died by then has not come by its point. */
const dieWithinMs = 30_000;

/** The coupons of one life. */
interface Stage {
  readonly point: FailPoint;
  readonly plenty: LoadCoupon;
  readonly few: LoadCoupon;
}

/** Has workers die at these points, one after the other, with rounds of at most `maxRound`. */
export const crashChain = async (
  scene: Scene,
  points: readonly FailPoint[],
  {
    maxRound,
    chance,
    say,
  }: { readonly maxRound: number; readonly chance: Chance; readonly say: (text: string) => void },
): Promise<ChainReport> => {
  const { records, latestHit } = loads.find(({ upTo }) => maxRound <= upTo) ?? loads[2];
  const prefix = scene.newPrefix();
  const stages = points.map((point, at): Stage => {
    const coupon = (name: string, stock: number) => ({ couponId: `${prefix}${at}-${name}` as CouponId, stock });
    return { point, plenty: coupon("plenty", records), few: coupon("few", Math.floor(records / 4)) };
  });
  const env = { SLUICE_MAX_ROUND: String(maxRound), SLUICE_COMMIT_INTERVAL_MS: "200", SLUICE_LOG_LEVEL: "warn" };
  await scene.openCoupons(stages.flatMap(({ plenty, few }) => [plenty, few]));
  await warmUp(scene, stages, env);
  const mint = mintWith(scene.config);
  const deaths: Death[] = [];
  const acknowledged = new Set(warmAsks(mint, stages).map(idOf));
  let poison = 0;
  for (const stage of stages) {
    const hit = stage.point.comes === "often" ? wholeFrom(chance, 1, latestHit) : 1;
    const load = loadOf(mint, stage, records);
    await scene.append(load);
    for (const one of load) one.request === undefined ? poison++ : acknowledged.add(one.request.reservationId);
    const death = await liveAndDie(scene, { armed: { point: stage.point.name, hit }, env });
    say(`rounds of ${maxRound}: ${armedText(death)}${death.missed === undefined ? "" : ` MISSED: ${death.missed}`}`);
    deaths.push(death);
  }
  return { maxRound, deaths, findings: await finish(scene, { prefix, acknowledged, poison, env }) };
};

const idOf = ({ request }: Asked) => {
  if (request === undefined) throw new RangeError("poison has no id");
  return request.reservationId;
};

type Env = Readonly<Record<string, string>>;
const warmMemory = new WeakMap<readonly Stage[], readonly Asked[]>();

/** The first asks of warm users; the same ones whenever it is asked for the same stages. */
const warmAsks = (mint: Mint, stages: readonly Stage[]): readonly Asked[] => {
  const known = warmMemory.get(stages);
  if (known !== undefined) return known;
  const made = stages.flatMap(({ plenty: { couponId } }) =>
    Array.from({ length: warmUsers }, (_, n) => requestOf(mint, couponId, `warm-${n}`)),
  );
  warmMemory.set(stages, made);
  return made;
};

/** Issues to the warm users: the gate does not know them any more when they ask again. */
const warmUp = async (scene: Scene, stages: readonly Stage[], env: Env): Promise<void> => {
  await scene.append(warmAsks(mintWith(scene.config), stages));
  const worker = await scene.spawn({ name: "worker-warm", env });
  await untilQuiet(scene, 60_000);
  await worker.stop();
};

/** The usual mixture, with a warm user's second ask now and then, which the gate lets through and the database refuses. */
const loadOf = (mint: Mint, { plenty, few }: Stage, records: number): readonly Asked[] => {
  const load: Asked[] = [];
  const every = Math.floor(records / warmUsers);
  for (const one of asks(mint, [plenty, few])) {
    if (load.length >= records) break;
    load.push(one);
    if (load.length % every === 1)
      load.push(requestOf(mint, plenty.couponId, `warm-${Math.floor(load.length / every)}`));
  }
  return load;
};

const liveAndDie = async (
  scene: Scene,
  { armed, env }: { readonly armed: Armed; readonly env: Env },
): Promise<Death> => {
  const worker = await scene.spawn({ name: `worker-${armed.point}`, armed, env });
  const late = new AbortController();
  const how = await Promise.race([worker.ended, sleep(dieWithinMs, "did not die", { signal: late.signal })]);
  late.abort();
  if (how === "did not die") await end(worker);
  await scene.clear();
  const note = await readFile(worker.note, "utf8").catch(() => "");
  const dead = how === "SIGKILL" && note === armedText(armed);
  return { ...armed, missed: dead ? undefined : `${how}; see ${worker.logFile}` };
};

const end = async (child: Child): Promise<void> => {
  process.kill(child.pid, "SIGKILL");
  await child.ended;
};

const finish = async (
  scene: Scene,
  {
    env,
    ...expected
  }: { readonly prefix: string; readonly poison: number; readonly env: Env } & Pick<
    Parameters<typeof judge>[1],
    "acknowledged"
  >,
): Promise<Findings> => {
  const worker = await scene.spawn({ name: "worker-last", env });
  await untilQuiet(scene, 120_000);
  const findings = await judge(scene, expected);
  await worker.stop();
  return findings;
};
