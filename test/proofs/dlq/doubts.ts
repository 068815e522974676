/** Letters that are in doubt: how they are made, and what each says that its record left behind. */
import type { KafkaAdmin } from "../../../engine/log/kafka/admin/admin.ts";
import { sluice } from "../../../dev/run-sluice.ts";
import { reserveStock } from "../../../processors/coupons/reserve-stock.ts";
import { couponsIssued } from "../../../schemas/coupon.ts";
import { idMaxLength } from "../../../schemas/ids.ts";
import { type Claim, equal } from "./judge.ts";
import { fates, isDoubtful, type Kind, topologies, type TopologyName } from "./kinds.ts";
import { couponIds, type Written } from "./records.ts";

const setting = "max.message.bytes";

/**
 * More than a batch with one event of a short user id, less than one with the longest: 61 bytes of a batch of format 2, at
 * most 25 of a record beside its key and value, and the value with its schema id, lengths, times and a UUID as text.
 */
const eventMaxBytes = (): number => {
  const coupon = Math.max(...couponIds.map((id) => id.length));
  return 61 + 25 + coupon + (5 + 37 + (1 + coupon) + (1 + idMaxLength / 2) + (1 + "replayed".length) + 2 * 6);
};

/** Lets the topic of issued coupons take no event of a long user id. Answers what ends that. */
export const limitEvents = async (admin: KafkaAdmin): Promise<() => Promise<void>> => {
  const topic = couponsIssued.name;
  const before = (await admin.describeTopics([topic])).get(topic)?.overrides[setting];
  await admin.alterSettings(topic, { set: { [setting]: String(eventMaxBytes()) }, reset: [] });
  return () =>
    admin.alterSettings(
      topic,
      before === undefined ? { set: {}, reset: [setting] } : { set: { [setting]: before }, reset: [] },
    );
};

interface Listed {
  readonly id: string;
  readonly kind: string;
  readonly held: string;
}

/** What a letter in doubt says is held, by topology and kind. */
const heldBy = (topology: TopologyName, kind: Kind): string =>
  topology === "coupon-issuing" && kind === "unwritten" ? reserveStock.name : "";

/** Judges what letters say before they are replayed: these are in doubt, each with what it holds, and no other is. */
export const judgeDoubts = async (
  env: Readonly<Record<string, string>>,
  { requests, payments }: Readonly<Record<"requests" | "payments", readonly Pick<Written<unknown>, "id" | "kind">[]>>,
): Promise<readonly Claim[]> => {
  const claims: Claim[] = [];
  for (const topology of topologies) {
    const { document, stderr } = await sluice(env, "dlq", "list", "--topology", topology);
    if (document === undefined) throw new Error(`no list of ${topology}: ${stderr}`);
    const listed = document.data as readonly Listed[]; // Of `dlq list`.
    const inDoubt = new Map(listed.filter(({ kind }) => kind === "in-doubt").map((one) => [one.id, one]));
    const written = topology === "coupon-issuing" ? requests : payments;
    for (const [kind, all] of Map.groupBy(written, (one) => one.kind)) {
      const isIt = isDoubtful(kind) && fates[topology][kind] !== undefined;
      const found = all.filter(({ id }) => inDoubt.has(id));
      if (!isIt && found.length === 0) continue;
      const held = heldBy(topology, kind);
      const claim = `${topology}: ${kind}: in doubt, ${held === "" ? "nothing held" : `${held} held`}`;
      const right = found.filter(({ id }) => inDoubt.get(id)?.held === held);
      const wrong = found.filter((one) => !right.includes(one)).map(({ id }) => `${id}: ${inDoubt.get(id)?.held}`);
      claims.push({ ...equal(claim, isIt ? all.length : 0, right.length), examples: wrong.slice(0, 5) });
    }
  }
  return claims;
};
