/** What `sluice doctor` checks of every application: its brokers, its registry, and whether what it declares is deployed. */
import { confluentAdmin } from "../../avro/registry-admin.ts";
import { makePlan } from "../../deploy/run/observe.ts";
import { kafkaAdmin } from "../../log/kafka/admin/admin.ts";
import type { EngineConfig } from "../config/engine-config.ts";
import type { App } from "../define-app.ts";
import { desiredOfApp, withDeployPorts } from "../deploying/open.ts";
import type { DoctorCheck } from "./checkup.ts";

/** The checks. */
export const engineChecks = <Config extends EngineConfig>(app: App<Config>): readonly DoctorCheck<Config>[] => [
  {
    name: "brokers",
    fix: "Check SLUICE_BROKERS and that the brokers run.",
    run: async ({ brokers }) => {
      const admin = await kafkaAdmin({ brokers, clientId: "sluice-doctor" });
      try {
        return { level: "ok", found: `cluster ${await admin.clusterId()} answers` };
      } finally {
        await admin.close();
      }
    },
  },
  {
    name: "registry",
    fix: "Check SLUICE_REGISTRY_URL and that the registry runs.",
    run: async (config) => {
      const [subject] = Object.keys(desiredOfApp(app, config).subjects);
      if (subject === undefined) return { level: "ok", found: "not needed: no subject is declared" };
      await confluentAdmin({ url: config.registryUrl }).versions(subject);
      return { level: "ok", found: "answers" };
    },
  },
  {
    name: "deployment",
    fix: "See the other findings: a plan needs the brokers, the registry and the store of deployments.",
    run: async (config) => {
      const { plan } = await withDeployPorts(app, config, (ports) => makePlan(ports, desiredOfApp(app, config), {}));
      const [changes, refusals] = [plan.changes.length, plan.refusals.length];
      const fix = "sluice topology plan shows them; sluice topology apply deploys.";
      if (refusals > 0) return { level: "fail", found: `${refusals} refusal(s), ${changes} change(s)`, fix };
      if (changes > 0) return { level: "warn", found: `${changes} change(s) are not deployed`, fix };
      return { level: "ok", found: "topics, subjects and graphs are as declared" };
    },
  },
];
