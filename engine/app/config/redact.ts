/** What may be logged of a configuration: URLs without what may be a credential, and no bytes of secrets. */

/** A copy to log. A secret that is not part of a URL must be a Buffer in the configuration: only its length is shown. */
export const redacted = (config: object): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(config).map(([name, value]) => [name, redactedValue(value)]));

const redactedValue = (value: unknown): unknown => {
  if (typeof value === "string") return withoutCredentials(value);
  if (Buffer.isBuffer(value)) return `${value.length} bytes`;
  if (Array.isArray(value)) return value.map(redactedValue);
  return typeof value === "object" && value !== null ? redacted(value) : value;
};

/** A URL's user, password, query and fragment may be credentials; what is no URL is left as it is. */
export const withoutCredentials = (text: string): string => {
  const parsed = URL.parse(text);
  if (parsed === null) return text;
  const { username, password, search, hash } = parsed;
  if ([username, password, search, hash].every((part) => part === "")) return text;
  parsed.username = "";
  parsed.password = "";
  parsed.search = "";
  parsed.hash = "";
  return parsed.href;
};
