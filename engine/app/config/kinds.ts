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

/**
 * `host:port`, several of them separated by commas. No IPv6 addresses: kafkajs 2.2.4 splits what it is given at the first
 * colon (src/cluster/connectionPoolBuilder.js). A name that resolves to one works.
 */
export const hostPorts = () =>
  z
    .string()
    .transform((text) => text.split(",").map((broker) => broker.trim()))
    .refine(
      (brokers) => brokers.every(isHostPort),
      "expected host:port, separated by commas; for an IPv6 address give a name of it",
    );

const isHostPort = (text: string): boolean => {
  const port = /^[A-Za-z0-9._-]+:(\d{1,5})$/.exec(text)?.[1];
  return port !== undefined && Number(port) >= 1 && Number(port) <= 65_535;
};
