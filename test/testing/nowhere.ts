/** Settings whose addresses nobody asks: of processes whose stores and logs are in memory. */
import { type Config, readConfig } from "../../ops/config.ts";

const nowhere = "127.0.0.1:1";

/** As in development, with the development's own secrets. */
export const configOfNowhere = (): Config =>
  readConfig(
    {
      SLUICE_BROKERS: nowhere,
      SLUICE_REGISTRY_URL: `http://${nowhere}`,
      SLUICE_DATABASE_URL: `mysql://nobody:nothing@${nowhere}/none`,
      SLUICE_REDIS_URL: `redis://${nowhere}`,
    },
    () => "",
  );
