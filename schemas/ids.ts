/** What ids look like, of every kind: what an adapter may keep, whatever a client or a record says. */

/** Characters a coupon's or policy's id may have; at most 256 bytes of UTF-8, as the columns hold. */
export const idMaxLength = 64;

/** Characters a user's id may have, as identity providers make them; at most 256 bytes of UTF-8, as the columns hold. */
export const userIdMaxLength = 255;
const userIdMaxBytes = 256;

/** A UUID of 36 characters in lower case, as a regular expression: one id has one text and one form in 16 bytes. */
export const uuidPattern = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$";

/**
 * The largest record that a topic of the shop may have, bytes: one has half a kilobyte at most by its ids, and the rest is
 * room for headers that others add.
 */
export const shopRecordMaxBytes = 16 * 1_024;

const uuid = new RegExp(uuidPattern);

/** Whether this is a UUID as {@link uuidPattern} says. */
export const isUuid = (id: string): boolean => uuid.test(id);

/** Whether an id fits its column and is read back unchanged. Lone surrogates have no UTF-8: two ids would become one. */
export const isStorableId = (id: string): boolean => id.length > 0 && id.length <= idMaxLength && id.isWellFormed();

/** As {@link isStorableId}, for a user's id. */
export const isStorableUserId = (id: string): boolean =>
  id.length > 0 && id.length <= userIdMaxLength && id.isWellFormed() && Buffer.byteLength(id) <= userIdMaxBytes;
