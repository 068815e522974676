/** What happens to the platform: away for minutes while payments pile up, or in every bad state it can be in. */
import { readFile } from "node:fs/promises";
import type { Faults } from "../../../../dev/platform/faults.ts";
import type { PayFault, PayFaultRun, PayTried } from "../fault.ts";
import { oneOfEach, type PayLive, underPayLoad } from "../live.ts";
import type { Role } from "../points.ts";
import { openRecords, type PayChild, type PayScene } from "../scene.ts";

const awayMs = 120_000;
/** Payments that wait for the platform before it comes back. */
const queued = 50_000;
/** The load of the outage: enough to queue that many in its time. */
const perSecond = 600;
/** If they are not paid in this time, the machine is too slow for a result. */
const queuedWithinMs = 300_000;

/** What the external worker may take more at the end of an outage than in its first half: what a collection comes late by. */
const flatWithin = 32 * 2 ** 20;
/** History is behind by no more than this much load, whatever the platform does. */
const historyBehind = 5 * perSecond;

/** One look at the processes while the platform is away. */
interface Sample {
  readonly atMs: number;
  readonly rss: number;
  readonly ready: boolean;
  readonly waiting: number;
  readonly historyOpen: number;
}

const away = (run: PayFaultRun): Promise<PayTried> =>
  underPayLoad(run, { crew: oneOfEach, perSecond, batchOrders: 2_000, restWithinMs: 300_000 }, async (live) => {
    const { scene } = run;
    for (let n = 0; n < run.times; n++) {
      await live.wait(3_000);
      await scene.platform.set({ down: "refuse" });
      live.struck();
      const samples = await sampleAway(scene, live);
      const delivered = (await scene.platform.report()).payments;
      for (const wrong of wrongIn(samples)) live.missed(wrong);
      const last = samples.at(-1);
      live.note(
        `${last?.waiting} payments waited after ${Math.round((last?.atMs ?? 0) / 1_000)} s; ${memoryText(samples)}`,
      );
      run.say(`away: ${last?.waiting} wait, the platform has ${delivered}; ${memoryText(samples)}`);
      await scene.platform.set({});
      live.returned();
    }
  });

/** Looks once a second, until the outage is long enough and enough payments wait. */
const sampleAway = async (scene: PayScene, live: PayLive): Promise<readonly Sample[]> => {
  const external = memberOf(live, "external");
  const startedAt = performance.now();
  const samples: Sample[] = [];
  for (;;) {
    await live.wait(1_000);
    const atMs = performance.now() - startedAt;
    const [rss, ready] = await Promise.all([rssOf(external), isReady(external)]);
    const [waiting, historyOpen] = await Promise.all([openRecords(scene, "external"), openRecords(scene, "history")]);
    samples.push({ atMs, rss, ready, waiting, historyOpen });
    if (atMs >= awayMs && waiting >= queued) return samples;
    if (atMs > queuedWithinMs) throw new Error(`only ${waiting} payments were queued in ${queuedWithinMs / 1_000} s`);
  }
};

const memberOf = ({ members }: PayLive, role: Role): PayChild => {
  const found = [...members.values()].find((member) => member.role === role);
  if (found === undefined) throw new Error(`there is no ${role}`);
  return found;
};

const pageBytes = 4_096;

/** Resident bytes. */
const rssOf = async ({ pid }: PayChild): Promise<number> =>
  Number((await readFile(`/proc/${pid}/statm`, "utf8")).split(" ")[1]) * pageBytes;

const isReady = async ({ healthUrl }: PayChild): Promise<boolean> => {
  const response = await fetch(`${healthUrl}/ready`);
  await response.body?.cancel();
  return response.ok;
};

const peak = (samples: readonly Sample[]): number => Math.max(...samples.map(({ rss }) => rss));

/** The first half of an outage and the second. */
const halves = (samples: readonly Sample[]): readonly [readonly Sample[], readonly Sample[]] => {
  const half = (samples.at(-1)?.atMs ?? 0) / 2;
  return [samples.filter(({ atMs }) => atMs <= half), samples.filter(({ atMs }) => atMs > half)];
};

const memoryText = (samples: readonly Sample[]): string => {
  const [first, second] = halves(samples).map((some) => Math.round(peak(some) / 2 ** 20));
  const behind = Math.max(...samples.map(({ historyOpen }) => historyOpen));
  return `external-data took ${first} MiB at most in the first half and ${second} MiB in the second; history was ${behind} behind at most`;
};

const wrongIn = (samples: readonly Sample[]): readonly string[] => {
  const [first, second] = halves(samples);
  const unready = samples.filter(({ ready }) => !ready).length;
  const last = samples.at(-1)?.historyOpen ?? 0;
  return [
    ...(peak(second) > peak(first) + flatWithin ? [`memory grew: ${memoryText(samples)}`] : []),
    ...(unready > 0 ? [`external-data was not ready ${unready} times of ${samples.length}`] : []),
    ...(last > historyBehind ? [`history was ${last} records behind while the platform was away`] : []),
  ];
};

/** Every bad state of the platform, each for a while. */
const states: readonly Partial<Faults>[] = [
  { busyShare: 0.02, retryAfterSeconds: 1 },
  { loseAnswersShare: 0.2 },
  { flakyShare: 0.2 },
  { cutShare: 0.2 },
  { down: "unavailable", retryAfterSeconds: 1 },
  { down: "silent" },
  { latencyMs: 20, busyShare: 0.01, flakyShare: 0.05, cutShare: 0.05, loseAnswersShare: 0.1 },
];
const stateMs = 4_000;

const flaky = (run: PayFaultRun): Promise<PayTried> =>
  underPayLoad(run, { crew: oneOfEach }, async (live) => {
    const { platform } = run.scene;
    for (let n = 0; n < run.times; n++) {
      for (const state of states) {
        await platform.set(state);
        await live.wait(stateMs);
        live.struck();
      }
      const { repeated, faulted } = await platform.report();
      run.say(`in every bad state (${n + 1} of ${run.times}): ${faulted} requests met one, ${repeated} were repeated`);
      if (repeated === 0) live.missed("no answer was lost");
    }
    await platform.set({});
    live.returned();
  });

const deniedMs = 60_000;

/** The platform denies everybody: no payment is guilty, so none may be dead-lettered; and the worker says so. */
const denied = (run: PayFaultRun): Promise<PayTried> =>
  underPayLoad(run, { crew: oneOfEach }, async (live) => {
    const { scene } = run;
    for (let n = 0; n < run.times; n++) {
      await scene.platform.set({ answers: 403 });
      await live.wait(deniedMs);
      live.struck();
      if (await isReady(memberOf(live, "external"))) live.missed("external-data was ready while it was denied");
      const { faulted } = await scene.platform.report();
      run.say(`denied for ${deniedMs / 1_000} s: ${faulted} requests were`);
      if (faulted === 0) live.missed("nothing was sent while it was denied");
      await scene.platform.set({});
      live.returned();
    }
  });

/** What happens to the platform. */
export const payPlatformFaults: readonly PayFault[] = [
  {
    name: "pay-platform-flaky",
    about:
      "The platform answers 429 with Retry-After, 503, loses answers, cuts, is silent, and all at once, for 4 s each",
    windows: [24],
    times: 2,
    brokers: 1,
    run: flaky,
  },
  {
    name: "pay-platform-denied",
    about: "The platform answers 403 to everything for a minute, as to an expired credential",
    windows: [24],
    times: 1,
    brokers: 1,
    run: denied,
  },
  {
    name: "pay-platform-away",
    about: "The platform is away for two minutes and 50,000 payments wait; then it is back",
    windows: [24],
    times: 1,
    brokers: 1,
    run: away,
  },
];
