/**
 * Looks at the coupons requested since the last look: whether each request that the workers have finished has its verdict, was
 * published, and left stock and coupons in balance. What it finds is a suspicion: a request may wait as a dead letter, which a
 * full look knows.
 */
import type { Follower } from "../../engine/app/verify/verification.ts";
import type { OwnedVerdict } from "../../processors/coupons/coupon-ports.ts";
import { couponIssueRequests, couponsIssued, couponsRefused, type ReservationId } from "../../schemas/coupon.ts";
import { couponAudit } from "../../stores/mysql/coupons/coupon-audit.ts";
import { verdictLookup } from "../../stores/mysql/coupons/verdict-lookup.ts";
import { type Database, openDatabase } from "../../stores/mysql/database.ts";
import { couponIssuing } from "../../topology/coupon-issuing.ts";
import type { Config } from "../config.ts";
import { newRecords, readingOf, type ReadNew } from "./new-records.ts";
import { type NewRequest, suspicions } from "./suspicions.ts";

/** Published verdicts that no request was seen for yet; more are forgotten, and looked for by a full look. */
const maxEarly = 500_000;
/** Coupons of one look whose rows are counted. */
const maxCoupons = 100;
/** Ids of one lookup. */
const findAtOnce = 10_000;

type Published = Map<ReservationId, OwnedVerdict["kind"]>;

/** Opens it. What it reads may be away. */
export const followCoupons = async (config: Config): Promise<Follower> => {
  const database = openDatabase({ databaseUrl: config.databaseUrl, poolMax: 2, poolKeptIdle: 0 });
  // Requests last: the events of those that are looked at are all behind the positions of their topics.
  const records = newRecords(await readingOf(config), [couponsIssued, couponsRefused, couponIssueRequests]);
  const group = `${config.groupPrefix}.${couponIssuing.graph.name}`;
  const published: Published = new Map();
  const look = () =>
    records.turn(async (read, cluster) => {
      // First: what is before these offsets was decided and published before anything else is read.
      const committed = await cluster.committedOffsets(group, couponIssueRequests.name);
      const requests: NewRequest[] = [];
      const keep = ({ reservationId, couponId }: NewRequest) => requests.push({ reservationId, couponId });
      await read(couponIssueRequests, keep, committed);
      await readPublished(read, published);
      const found = suspicions({ requests, published, ...(await readRows(database, requests)) });
      for (const { reservationId } of requests) published.delete(reservationId);
      return found;
    });
  return {
    look: async () => (await look()) ?? 0,
    close: async () => {
      await records.close();
      await database.close();
    },
  };
};

const readPublished = async (read: ReadNew, published: Published): Promise<void> => {
  if (published.size > maxEarly) published.clear();
  await read(couponsIssued, ({ reservationId }) => published.set(reservationId, "issued"));
  await read(couponsRefused, ({ reservationId }) => published.set(reservationId, "refused"));
};

const readRows = async (database: Database, requests: readonly NewRequest[]) => {
  const verdicts = new Map<ReservationId, OwnedVerdict>();
  const ids = requests.map(({ reservationId }) => reservationId);
  for (let at = 0; at < ids.length; at += findAtOnce)
    for (const [id, verdict] of await verdictLookup(database).find(ids.slice(at, at + findAtOnce)))
      verdicts.set(id, verdict);
  const couponIds = [...new Set(requests.map(({ couponId }) => couponId))].slice(0, maxCoupons);
  return { verdicts, taken: await couponAudit(database).taken(couponIds) };
};
