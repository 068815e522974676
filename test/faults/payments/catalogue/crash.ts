/** One life after another under load that never stops: each process dies at another fail point, the next one takes over. */
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { v7 } from "uuid";
import type { Database } from "../../../../stores/mysql/database.ts";
import { withSession } from "../../../../stores/mysql/session.ts";
import { wholeFrom } from "../../chance.ts";
import type { Death } from "../../coupons/crash-chain.ts";
import { pointsNamed } from "../../coupons/points.ts";
import { type Armed, armedText } from "../../trap.ts";
import type { PayFault, PayFaultRun, PayTried } from "../fault.ts";
import { namesFrom, oneOfEach, type PayLive, underPayLoad } from "../live.ts";
import { payPoints, type Role } from "../points.ts";
import type { PayScene } from "../scene.ts";

/** A process that has not died by then has not come by its point. */
const dieWithinMs = 30_000;

/** A statement is prepared the first time, so at the second it is sent whole; and not later than a few seconds of load. */
const latestHit = 6;

const crash = async (run: PayFaultRun): Promise<PayTried> => {
  const { scene, points, times, chance, say } = run;
  const chosen = pointsNamed(payPoints, points);
  const deaths: Death[] = [];
  const tried = await underPayLoad(run, { crew: oneOfEach }, async (live) => {
    const next = namesFrom(1);
    for (const [role, own] of Map.groupBy(chosen, (point) => point.role)) {
      await live.kill(nameOf(live, role));
      for (const point of Array.from({ length: times }, () => own).flat()) {
        const armed = { point: point.name, hit: point.comes === "often" ? wholeFrom(chance, 2, latestHit) : 1 };
        const death = await liveAndDie(scene, live, { name: next(role), role, armed });
        say(`${armedText(death)}${death.missed === undefined ? "" : ` MISSED: ${death.missed}`}`);
        if (death.missed === undefined) live.struck();
        else live.missed(`${death.point}: ${death.missed}`);
        deaths.push(death);
      }
      await live.start({ name: next(role), role });
    }
  });
  return { ...tried, deaths };
};

const nameOf = ({ members }: PayLive, role: Role): string => {
  const [name] = [...members].find(([, member]) => member.role === role) ?? [];
  if (name === undefined) throw new Error(`there is no ${role} left`);
  return name;
};

/** Starts one that is armed, and waits until it is dead. */
const liveAndDie = async (
  scene: PayScene,
  live: PayLive,
  plan: { readonly name: string; readonly role: Role; readonly armed: Armed },
): Promise<Death> => {
  const { armed, role } = plan;
  if (armed.point.startsWith("relay-prune")) await growOld(scene.database);
  const child = await live.spawn(plan);
  const late = new AbortController();
  const how = await Promise.race([child.ended, sleep(dieWithinMs, "did not die", { signal: late.signal })]);
  late.abort();
  if (how === "did not die") process.kill(child.pid, "SIGKILL");
  await child.ended;
  await scene.bury(role);
  const note = await readFile(child.note, "utf8").catch(() => "");
  const dead = how === "SIGKILL" && note === armedText(armed);
  return { ...armed, missed: dead ? undefined : `${how}; see ${child.logFile}` };
};

/** More than a relay deletes at once. */
const oldRows = 12_000;

const insertOld = `INSERT INTO outbox (payment_id, published_at)
  SELECT UNHEX(old.id), 1 FROM JSON_TABLE(?, '$[*]' COLUMNS (id CHAR(32) CHARACTER SET ascii PATH '$')) AS old`;

/** Rows of the outbox from long ago. They are of no payment: the judge finds those that are not deleted in the end. */
const growOld = (database: Database): Promise<unknown> =>
  withSession(database, ({ change }) =>
    change(insertOld, [JSON.stringify(Array.from({ length: oldRows }, () => v7().replaceAll("-", "")))]),
  );

/** Deaths at every point. */
export const payCrash: PayFault = {
  name: "pay-crash",
  about: "API, relay and both workers are killed with SIGKILL at each fail point of payments; the next one takes over",
  windows: [...new Set(payPoints.flatMap(({ windows }) => windows))].sort((a, b) => a - b),
  times: 1,
  brokers: 1,
  run: crash,
};
