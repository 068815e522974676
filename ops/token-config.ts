/** How tokens are signed and which are taken, for a command that needs nothing else: no stack has to be up for it. */
import { environment } from "../engine/app/cli.ts";
import { readSecretFile } from "../engine/app/process/process.ts";
import { readConfig, type TokenConfig } from "./config.ts";

// A whole configuration requires addresses; the command uses none, so any will do where none is given.
const anyAddresses = {
  SLUICE_BROKERS: "none:1",
  SLUICE_REGISTRY_URL: "http://none",
  SLUICE_DATABASE_URL: "mysql://none/x",
  SLUICE_REDIS_URL: "redis://none",
};

/** Reads it from the environment of this process. @throws InvalidConfig */
export const loadTokenConfig = (): TokenConfig => {
  const env = environment();
  const missing = Object.entries(anyAddresses).filter(([address]) => env[`${address}_FILE`] === undefined);
  return readConfig({ ...Object.fromEntries(missing), ...env }, readSecretFile).tokens;
};
