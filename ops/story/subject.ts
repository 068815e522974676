/** What somebody asks about: by the form of what they typed, and by what they say it is. Pure. */
import { InvalidArgumentError } from "commander";
import { parseId, type Place } from "../../engine/dlq/letters/letter.ts";
import { isName, isUserId, isUuid } from "../../schemas/ids.ts";

/** What a text may be: where several are possible, whoever reads finds out. */
export type Asked =
  | { readonly kind: "place"; readonly place: Place }
  | { readonly kind: "uuid" | "name"; readonly id: string };

/**
 * What a text may be. A user's id may look like anything: `--as user` says that it is one. Capitals of a UUID count as small.
 * @throws InvalidArgumentError where it can be no id and no place
 */
export const askedOf = (text: string): Asked => {
  const place = parseId(text);
  if (place !== undefined) return { kind: "place", place };
  const uuid = text.toLowerCase();
  if (isUuid(uuid)) return { kind: "uuid", id: uuid };
  if (isName(text) || isUserId(text)) return { kind: "name", id: text };
  throw new InvalidArgumentError(
    "Expected the id of a reservation, payment, order, user or coupon, or a record's topic/partition/offset.",
  );
};

/** When a UUIDv7 was made, epoch ms, by the clock of whoever made it; undefined for other UUIDs. */
export const madeAt = (uuid: string): number | undefined =>
  uuid[14] === "7" ? Number.parseInt(uuid.slice(0, 8) + uuid.slice(9, 13), 16) : undefined;
