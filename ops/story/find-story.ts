/** Finds out what an id is, and tells its story. */
import type { CouponId, ReservationId, UserId } from "../../schemas/coupon.ts";
import { couponIssueRequests, couponTopics } from "../../schemas/coupon.ts";
import { paymentsCompleted } from "../../schemas/payment.ts";
import { CliError } from "../../engine/app/cli.ts";
import { idText, letterOf, type Place } from "../../engine/dlq/letters/letter.ts";
import type { Reading } from "../../engine/dlq/read/decode.ts";
import { fetchPlaces } from "../../engine/dlq/run/fetch-letters.ts";
import type { LogRecord } from "../../engine/log/log.ts";
import { deadLetterTopic } from "../../engine/worker/round/dead-letter.ts";
import { retryTopic } from "../../engine/worker/round/retry-record.ts";
import { couponIssuing } from "../../topology/coupon-issuing.ts";
import { externalData } from "../../topology/external-data.ts";
import { transactionHistory } from "../../topology/transaction-history.ts";
import { readCoupon, readUser, tellCoupon, tellUser } from "./coupon-and-user.ts";
import { letterMoments, lettersOf, pendingLetters } from "./letters.ts";
import type { StoryPorts } from "./ports.ts";
import { readPayment } from "./read-payment.ts";
import { readReservation } from "./read-reservation.ts";
import type { Story, SubjectKind } from "./story.ts";
import type { Asked } from "./subject.ts";
import { tellPayment } from "./tell-payment.ts";
import { tellReservation } from "./tell-reservation.ts";

/** A story, and what was away while it was read. */
export interface Found {
  readonly story: Story;
  readonly away: readonly string[];
}

/**
 * Tells the story of what was asked; `as` says what it is, where its form leaves that open. What contradicts itself is read
 * again: a request that is decided between two reads looks so. @throws CliError (NO_STORY) where nothing is known of it
 * @throws Unavailable where the database is away; without another service its part is not known, which is said
 */
export const findStory = async (ports: StoryPorts, asked: Asked, as?: SubjectKind): Promise<Found> => {
  const story = await lookFor(ports, asked, as);
  if (story === undefined) throw noStory(asked, as, ports.away.sentences());
  const told = story.contradictions.length === 0 ? story : ((await lookFor(ports, asked, as)) ?? story);
  return { story: told, away: ports.away.sentences() };
};

const lookFor = async (ports: StoryPorts, asked: Asked, as: SubjectKind | undefined): Promise<Story | undefined> => {
  if (asked.kind === "place" && (as === undefined || as === "record")) return storyOfPlace(ports, asked.place);
  const id = asked.kind === "place" ? idText(asked.place) : asked.id;
  const kinds = as === undefined ? kindsOf[asked.kind === "place" ? "name" : asked.kind] : [as];
  for (const kind of kinds) {
    const story = await tellers[kind](ports, id);
    if (story !== undefined) return story;
  }
  return undefined;
};

/** What an id is looked for as, in this order: what is found by an index comes first. */
const kindsOf: Readonly<Record<"uuid" | "name", readonly SubjectKind[]>> = {
  uuid: ["payment", "order", "reservation", "user"],
  name: ["coupon", "user"],
};

const tellers: Readonly<Record<SubjectKind, (ports: StoryPorts, id: string) => Promise<Story | undefined>>> = {
  payment: async (ports, id) => told(await readPayment(ports, { kind: "payment", id }), tellPayment),
  order: async (ports, id) => told(await readPayment(ports, { kind: "order", id }), tellPayment),
  // The text is a UUID, or nothing is found by it; the brands say of what.
  reservation: async (ports, id) => {
    const story = tellReservation(await readReservation(ports, id as ReservationId));
    return story.moments.length > 0 ? story : undefined;
  },
  coupon: async (ports, id) => told(await readCoupon(ports, id as CouponId), tellCoupon),
  user: async (ports, id) => told(await readUser(ports, id as UserId), tellUser),
  record: async () => undefined,
};

const told = <F>(facts: F | undefined, tell: (facts: F) => Story): Story | undefined =>
  facts === undefined ? undefined : tell(facts);

const topologies = [couponIssuing, transactionHistory, externalData].map(({ graph }) => graph);

/** The story of what a record is about; of the record itself where that cannot be told. A letter is its record's. */
const storyOfPlace = async (ports: StoryPorts, place: Place): Promise<Story | undefined> => {
  const records = await ports.away.orElse<ReadonlyMap<string, LogRecord>>(new Map(), () =>
    fetchPlaces(ports.cluster, [place]),
  );
  const record = records.get(idText(place));
  if (record === undefined) return undefined;
  const isLetter = topologies.some(({ name }) => [deadLetterTopic(name), retryTopic(name)].includes(place.topic));
  if (isLetter) {
    const { origin } = letterOf(place, record);
    if (idText(origin) !== idText(place)) return storyOfPlace(ports, origin);
  }
  const unread: Reading = { kind: "unreadable", why: "its schema is not known" };
  const reading = await ports.away.orElse(unread, async () => ports.decoder.read(place.topic, record.value));
  if (reading.kind === "value") {
    // Erasure: the decoder read it with its topic's schema.
    const value = reading.value as { readonly reservationId: string } & { readonly paymentId: string };
    if (couponTopics.some(({ name }) => name === place.topic)) return tellers.reservation(ports, value.reservationId);
    if (place.topic === paymentsCompleted.name) {
      const story = await tellers.payment(ports, value.paymentId);
      if (story !== undefined) return story;
    }
  }
  const why = reading.kind === "unreadable" ? reading.why : "nothing in the database is about it";
  return storyOfBytes(ports, { ...place, timestampMs: record.timestampMs, bytes: record.value?.length ?? 0 }, why);
};

const storyOfBytes = async (
  ports: StoryPorts,
  at: Place & { readonly timestampMs: number; readonly bytes: number },
  why: string,
): Promise<Story> => {
  const readers = topologies.filter(({ sources }) => sources.includes(at.topic));
  const read = await Promise.all(readers.map(({ name }) => lettersOf(ports, name, at)));
  const letters = read.flatMap((one) => one ?? []);
  return {
    subject: { kind: "record", id: idText(at) },
    moments: [
      { at: at.timestampMs, what: "record", text: `${at.bytes} bytes: ${why}`, from: idText(at) },
      ...letters.flatMap(letterMoments),
    ],
    contradictions: [],
    pending: letters.flatMap(pendingLetters),
    unknown: letters.flatMap(({ topology, isWhole }) =>
      isWhole ? [] : [`all of its dead letters of ${topology}: more was written since than is looked at`],
    ),
  };
};

const noStory = (asked: Asked, as: SubjectKind | undefined, away: readonly string[]): CliError => {
  const id = asked.kind === "place" ? idText(asked.place) : asked.id;
  const kinds = as ?? (asked.kind === "place" ? "record" : kindsOf[asked.kind].join(", "));
  const without = away.length === 0 ? "" : `; not known: ${away.join("; ")}`;
  return new CliError(`nothing is known of ${id}; looked for: ${kinds}${without}`, {
    code: "NO_STORY",
    fix:
      asked.kind === "place"
        ? "The record is not there: retention removed it, or it was never written. Topics: sluice topology status"
        : `A request that no row is about yet is looked for in ${couponIssueRequests.name} from the time in its id on. Say what it is with --as, or give a record's topic/partition/offset.`,
  });
};
