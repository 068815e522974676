/** Kinds of settings: what the text of a variable must look like, and what becomes of it. */
import { z } from "zod";
import { AddressMistake, readAddress } from "../../connect/address.ts";

/** An integer from `min` to `max`; `preset` where the variable is not given. */
export const integer = (min: number, max: number, preset: number) =>
  z
    .string()
    .regex(/^-?\d{1,15}$/, `expected an integer from ${min} to ${max}`)
    .transform(Number)
    .refine((n) => n >= min && n <= max, `expected an integer from ${min} to ${max}`)
    .default(preset);

/** The address of a service, as `read` understands it: what it throws is what is wrong. */
export const address = (read: (text: string) => unknown) =>
  z.string().check((context) => {
    try {
      read(context.value);
    } catch (error) {
      if (!(error instanceof AddressMistake)) throw error;
      // The value is not given: it may hold a password.
      context.issues.push({ code: "custom", message: error.message, input: undefined });
    }
  });

/** A URL of one of these protocols, such as `https:`, without parameters. */
export const url = (protocols: readonly string[]) => address((text) => readAddress(text, { protocols }));

/** As {@link url}, without a user and a password. */
export const urlWithoutUser = (protocols: readonly string[]) =>
  address((text) => {
    const { user, password } = readAddress(text, { protocols });
    if (user + password !== "") throw new AddressMistake("expected no user and no password");
  });

/** The absolute path of a file. */
export const path = () => z.string().startsWith("/", "expected an absolute path");

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
