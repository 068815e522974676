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

/** Coupon and policy ids: safe in a URL, a log line, a key and a file name. Not `.` and `..`, which no URL can hold. */
export const namePattern = "^(?![.]{1,2}$)[A-Za-z0-9._-]{1,64}$";
/**
 * Users, as identity providers name them (OpenID Connect Core, 2: at most 255 ASCII characters, case-sensitive): an e-mail
 * address, `auth0|123`, a distinguished name, base64. Kept as they are, and compared byte for byte.
 */
export const userIdPattern = "^[\\x21-\\x7e]{1,255}$";
/** A UUIDv7 in lower case: one id has one spelling. */
export const reservationIdPattern = "^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$";

const name = new RegExp(namePattern);
const user = new RegExp(userIdPattern);
const uuid7 = new RegExp(reservationIdPattern);

/** Whether this is a coupon's or policy's id, as {@link namePattern} says. */
export const isName = (id: string): boolean => name.test(id);
/** Whether this is a user's id, as {@link userIdPattern} says. */
export const isUserId = (id: string): boolean => user.test(id);
/** Whether this is a reservation's or payment's id, as {@link reservationIdPattern} says. */
export const isUuid7 = (id: string): boolean => uuid7.test(id);

/** The last moment that a date can be, epoch ms. */
const momentMax = 8_640_000_000_000_000;
/** Whether this is a moment from 1970 on, epoch ms. */
export const isMoment = (ms: number): boolean => ms >= 0 && ms <= momentMax;

/** Whether a record's key is this id, which is ASCII: what orders records must be what they are about. */
export const isKeyOf = (key: Buffer | null, id: string): boolean => {
  if (key === null || key.length !== id.length) return false;
  for (let at = 0; at < id.length; at++) if (key[at] !== id.charCodeAt(at)) return false;
  return true;
};

const uuid = new RegExp(uuidPattern);

/** Whether this is a UUID as {@link uuidPattern} says. */
export const isUuid = (id: string): boolean => uuid.test(id);

/** Whether an id fits its column and is read back unchanged. Lone surrogates have no UTF-8: two ids would become one. */
export const isStorableId = (id: string): boolean => id.length > 0 && id.length <= idMaxLength && id.isWellFormed();

/** As {@link isStorableId}, for a user's id. */
export const isStorableUserId = (id: string): boolean =>
  id.length > 0 && id.length <= userIdMaxLength && id.isWellFormed() && hasUtf8(id, userIdMaxBytes);

/** Whether a text has at most so many bytes as UTF-8. A UTF-16 unit has 3 at most: what is short is not counted. */
const hasUtf8 = (text: string, maxBytes: number): boolean =>
  text.length * 3 <= maxBytes || Buffer.byteLength(text) <= maxBytes;
