/** Where an integration test finds the real services: the addresses of a running stack, from the environment. */
import { relative } from "node:path";

/** What a test on a real stack may ask for. */
export type AddressName = "SLUICE_BROKERS" | "SLUICE_REGISTRY_URL" | "SLUICE_DATABASE_URL" | "SLUICE_REDIS_URL";

/** The value of a setting that a running stack gives. @throws Error naming it, and the command that gives it, where it is not set. */
export const requiredSetting = (name: string): string => {
  const value = process.env[name];
  if (value !== undefined && value !== "") return value;
  const file = relative(process.cwd(), process.argv[1] ?? "");
  throw new Error(`${name} is not set: this test needs a running stack; run it with: npm test -- ${file}`);
};

/** One address of the stack. @throws Error as {@link requiredSetting} does. */
export const addressOf = (name: AddressName): string => requiredSetting(name);

/** `host:port` of each broker. @throws Error as {@link requiredSetting} does. */
export const brokerAddresses = (): readonly string[] => addressOf("SLUICE_BROKERS").split(",");
