/** Kinds of settings: what the text of a variable must look like, and what becomes of it. */
import { z } from "zod";

/** An integer from `min` to `max`; `preset` where the variable is not given. */
export const integer = (min: number, max: number, preset: number) =>
  z
    .string()
    .regex(/^-?\d{1,15}$/, `expected an integer from ${min} to ${max}`)
    .transform(Number)
    .refine((n) => n >= min && n <= max, `expected an integer from ${min} to ${max}`)
    .default(preset);

/** A URL of one of these protocols, such as `https:`. */
export const url = (protocols: readonly string[]) =>
  z.string().refine(
    (text) => {
      const parsed = URL.parse(text);
      return parsed !== null && protocols.includes(parsed.protocol);
    },
    `expected a URL that begins with ${protocols.map((p) => `${p}//`).join(" or ")}`,
  );

/** As {@link url}, without a user and a password. */
export const urlWithoutUser = (protocols: readonly string[]) =>
  url(protocols).refine((text) => {
    const parsed = URL.parse(text);
    return parsed === null || (parsed.username === "" && parsed.password === "");
  }, "expected no user and no password");

/** `host:port`, several of them separated by commas; an IPv6 address stands in brackets. */
export const hostPorts = () =>
  z
    .string()
    .transform((text) => text.split(",").map((broker) => broker.trim()))
    .refine((brokers) => brokers.every(isHostPort), "expected host:port, separated by commas; [address]:port for IPv6");

const isHostPort = (text: string): boolean => {
  const [, host = "", port = ""] = /^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):(\d{1,5})$/.exec(text) ?? [];
  if (Number(port) < 1 || Number(port) > 65_535) return false;
  return !host.startsWith("[") || URL.canParse(`http://${host}/`);
};
