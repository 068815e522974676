/** What `sluice doctor` checks of every application: its brokers, its registry, and whether what it declares is deployed. */
import { confluentAdmin } from "../../registry/admin.ts";
import { registryVersion } from "../../registry/version.ts";
import type { Area, Plan } from "../../deploy/plan/change.ts";
import { makePlan } from "../../deploy/run/observe.ts";
import { securedBrokers } from "../../log/kafka/brokers.ts";
import { type KafkaAdmin, kafkaAdmin } from "../../log/kafka/admin/admin.ts";
import type { EngineConfig } from "../config/engine-config.ts";
import type { App } from "../define-app.ts";
import { desiredOfApp, withDeployPorts } from "../deploying/open.ts";
import type { DoctorCheck, Finding } from "./checkup.ts";
import { clockToleranceMs, encryptionFinding } from "./findings.ts";

/** The checks. */
export const engineChecks = <Config extends EngineConfig>(app: App<Config>): readonly DoctorCheck<Config>[] => [
  ...brokerChecks(app),
  ...registryChecks(app),
  ...deploymentChecks(app),
];

const brokersFix = "Check SLUICE_BROKERS and that the brokers run.";

const brokerChecks = <Config extends EngineConfig>(app: App<Config>): readonly DoctorCheck<Config>[] => [
  {
    name: "brokers",
    fix: brokersFix,
    run: (config) =>
      withKafka(config, async (admin) => {
        const release = await admin.release();
        return {
          level: "ok",
          found: `cluster ${await admin.clusterId()} answers, Kafka ${release ?? "of unknown release"}`,
        };
      }),
  },
  {
    name: "brokers' clock",
    fix: brokersFix,
    run: (config) => withKafka(config, (admin) => clockOfBrokers(admin, app.allTopics)),
  },
  {
    name: "brokers' TLS",
    fix: brokersFix,
    run: async ({ brokers, environment }) => {
      const { hosts, tls } = securedBrokers(brokers);
      return encryptionFinding(
        { encrypted: tls !== undefined, hosts: hosts.map((host) => host.replace(/:\d+$/, "")), environment },
        "Set SLUICE_KAFKA_SECURITY_PROTOCOL to SSL or SASL_SSL.",
      );
    },
  },
];

/**
 * Brokers do not say what time it is, but they stamp records. One from the future shows a clock that is ahead, and opens sales
 * early; a clock that is behind cannot be seen from outside. Records are counted before those that are not from the future,
 * so one that comes meanwhile is never taken for one.
 */
const clockOfBrokers = async (admin: KafkaAdmin, topics: readonly { readonly name: string }[]): Promise<Finding> => {
  const known = await admin.partitionCounts(topics.map(({ name }) => name));
  const looked = [...known.keys()].map(async (name) => {
    const [ends, starts] = await Promise.all([admin.endOffsets(name), admin.startOffsets(name)]);
    const all = ends.reduce((sum, end, at) => sum + end - (starts[at] ?? 0n), 0n);
    return (await admin.countRecordsBefore(name, Date.now() + clockToleranceMs)) < all ? [name] : [];
  });
  const ahead = (await Promise.all(looked)).flat();
  if (ahead.length === 0) return { level: "ok", found: `no record of ${known.size} topics is from the future` };
  return {
    level: "warn",
    found: `records from the future in ${ahead.join(", ")}: a broker's clock is, or was, ahead of this machine's`,
    fix: "Synchronise the clocks of the brokers (NTP): they are what opening hours are judged by.",
  };
};

const withKafka = async <Config extends EngineConfig>(
  { brokers }: Config,
  ask: (admin: KafkaAdmin) => Promise<Finding>,
): Promise<Finding> => {
  const admin = await kafkaAdmin({ brokers, clientId: "sluice-doctor" });
  try {
    return await ask(admin);
  } finally {
    await admin.close();
  }
};

const registryFix = "Check SLUICE_REGISTRY_URL and that the registry runs.";

const registryChecks = <Config extends EngineConfig>(app: App<Config>): readonly DoctorCheck<Config>[] => [
  {
    name: "registry",
    fix: registryFix,
    run: async (config) => {
      const [subject] = Object.keys(desiredOfApp(app, config).subjects);
      if (subject === undefined) return { level: "ok", found: "not needed: no subject is declared" };
      const url = config.registryUrl;
      const [version] = await Promise.all([registryVersion({ url }), confluentAdmin({ url }).versions(subject)]);
      return { level: "ok", found: `answers, ${version ?? "of unknown version"}` };
    },
  },
  {
    name: "registry's TLS",
    fix: registryFix,
    run: async ({ registryUrl, environment }) => {
      const { protocol, hostname } = new URL(registryUrl);
      const connection = { encrypted: protocol === "https:", hosts: [hostname], environment };
      return encryptionFinding(connection, "Use https:// in SLUICE_REGISTRY_URL.");
    },
  },
];

/** One line for each thing that is deployed; they share one plan. */
const deploymentChecks = <Config extends EngineConfig>(app: App<Config>): readonly DoctorCheck<Config>[] => {
  let planned: Promise<Plan> | undefined;
  const planOf = (config: Config): Promise<Plan> => {
    planned ??= withDeployPorts(app, config, async (ports) => {
      return (await makePlan(ports, desiredOfApp(app, config), {})).plan;
    });
    return planned;
  };
  return deployed.map((part) => ({
    name: part.name,
    fix: "See the other findings: a plan needs the brokers, the registry and the store of deployments.",
    run: async (config) => findingOf(await planOf(config), part),
  }));
};

/** Which parts of a plan each line is about. */
const deployed: readonly (PartOfPlan & { readonly name: string })[] = [
  { name: "topics", areas: ["topic", "tables"], well: "partitions and settings are as declared" },
  { name: "subjects", areas: ["subject"], well: "schemas and levels are as declared" },
  {
    name: "graphs",
    areas: ["graph", "group", "cluster"],
    well: "the deployed graphs are the declared ones",
    unrecorded: "deployments are not recorded: a worker starts with any graph",
  },
];

interface PartOfPlan {
  readonly areas: readonly (Area | "cluster")[];
  readonly well: string;
  /** What is found instead where deployments are not recorded. */
  readonly unrecorded?: string;
}

const findingOf = ({ changes, refusals, recorded }: Plan, { areas, well, unrecorded }: PartOfPlan): Finding => {
  const mine = <T extends { readonly area: Area | "cluster"; readonly name: string; readonly text: string }>(
    all: readonly T[],
  ): readonly string[] => all.filter(({ area }) => areas.includes(area)).map(({ name, text }) => `${name}: ${text}`);
  const [refused, changed] = [mine(refusals), mine(changes)];
  const [first, ...others] = [...refused, ...changed];
  if (first === undefined) return { level: "ok", found: recorded ? well : (unrecorded ?? well) };
  const found = others.length === 0 ? first : `${first}; and ${others.length} more`;
  const fix = "sluice topology plan shows all; sluice topology apply deploys.";
  return { level: refused.length > 0 ? "fail" : "warn", found, fix };
};
