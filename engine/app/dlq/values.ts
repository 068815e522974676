/** Values of letters as JSON and text, and with what names people hidden. Pure. */
import { createHash } from "node:crypto";
import type { HeaderValue } from "../../log/log.ts";

/** A value as JSON: a bigint is a text, bytes are base64. */
export const jsonText = (value: unknown): string => JSON.stringify(value, replace) ?? "null";

function replace(this: unknown, _name: string, value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  // Buffer has a toJSON of its own, which has run by now.
  if (typeof value === "object" && value !== null && "type" in value && value.type === "Buffer" && "data" in value)
    return Buffer.from(value.data as readonly number[]).toString("base64"); // As Buffer.toJSON writes it.
  return value;
}

/** A header's bytes: as text where they are text, else as hex. A number as Spring Kafka writes it is UTF-8, and no text. */
export const valueText = (bytes: HeaderValue): string | null => {
  if (bytes === null) return null;
  const text = bytes.toString();
  return text.includes("\uFFFD") || text.includes("\0") ? `0x${bytes.toString("hex")}` : text;
};

/** Fields that name people. */
const isUserField = (name: string): boolean => /user/i.test(name);

/** The value with each field that names a user replaced by a hash of it: equal users stay equal. */
export const masked = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(masked);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, isUserField(name) ? maskedText(inner) : masked(inner)]),
  );
};

const maskedText = (value: unknown): string =>
  `masked-${createHash("sha256").update(jsonText(value)).digest("hex").slice(0, 12)}`;
