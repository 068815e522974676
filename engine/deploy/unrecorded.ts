/** Deployments of an application without a store for them: everything is applied, nothing is recorded, and there is no lock. */
import type { Deployments } from "./deployments.ts";

/** For applications that declare no `deployments`. `migrate` is run by each apply. */
export const unrecordedDeployments = (migrate: () => Promise<readonly string[]>): Deployments => ({
  recorded: false,
  latest: async () => undefined,
  numbered: async () => undefined,
  accepted: async () => undefined,
  operations: async () => [],
  pendingMigrations: async () => [],
  migrate,
  locked: async (_, work) => ({
    value: await work({
      confirm: async () => {},
      begin: async () => {
        await migrate();
        return 0;
      },
      end: async () => {},
      record: async () => 0,
    }),
  }),
});
