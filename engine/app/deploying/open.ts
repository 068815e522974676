/** Opens what a deployment of an application touches, and names what the application declares. */
import { hostname, userInfo } from "node:os";
import { ExponentialBackoff, handleType, retry } from "cockatiel";
import { createCodec } from "../../avro/codec.ts";
import { registerSchema } from "../../registry/register.ts";
import { confluentRegistry } from "../../registry/registry.ts";
import { RegistryUnavailable } from "../../registry/http.ts";
import { confluentAdmin } from "../../registry/admin.ts";
import { subjectOf } from "../../avro/topic.ts";
import type { AvroJson } from "../../avro/avro.ts";
import type { DeclaredSubject } from "../../evolution/rules.ts";
import { judgingOf } from "../evolving/subjects.ts";
import { lookAt, stateOf } from "../../evolution/look.ts";
import type { OpenDeployments } from "../../deploy/deployments.ts";
import { type Desired, desiredOf } from "../../deploy/plan/desired.ts";
import { countStranded } from "../../deploy/run/letters.ts";
import type { DeployPorts } from "../../deploy/run/ports.ts";
import { unrecordedDeployments } from "../../deploy/unrecorded.ts";
import { type KafkaAdmin, kafkaAdmin } from "../../log/kafka/admin/admin.ts";
import type { EngineConfig } from "../config/engine-config.ts";
import type { Environment } from "../config/settings.ts";
import type { App } from "../define-app.ts";

/** What an application declares, as the document that is deployed. */
export const desiredOfApp = <Config extends EngineConfig>(
  app: App<Config>,
  { groupPrefix }: Pick<Config, "groupPrefix">,
): Desired =>
  desiredOf({
    topologies: app.topologies.map(({ topology }) => topology),
    topics: app.allTopics,
    groupOf: (topology) => `${groupPrefix}.${topology}`,
  });

/** A registry that has just started, on a machine that is busy, may leave one request without an answer: asked again, it gives one. */
const whileUnavailable = retry(handleType(RegistryUnavailable), {
  maxAttempts: 4,
  backoff: new ExponentialBackoff({ initialDelay: 250, maxDelay: 2_000 }),
});

/** Opens the ports for as long as `work` runs. */
export const withDeployPorts = async <Config extends EngineConfig, T>(
  app: App<Config>,
  config: Config,
  work: (ports: DeployPorts & { readonly cluster: KafkaAdmin }) => Promise<T>,
): Promise<T> => {
  const { brokers, registryUrl: url } = config;
  const admin = confluentAdmin({ url });
  const judging = judgingOf(app);
  const cluster = await kafkaAdmin({ brokers, clientId: "sluice-apply" });
  const { deployments, close } = await openDeployments(app, config);
  try {
    return await work({
      cluster,
      deployments,
      registry: {
        state: (subject, avro) =>
          whileUnavailable.execute(async () => stateOf(await lookAt(admin, declaredOf(app, subject, avro), judging))),
        register: async (subject, avro) => {
          await whileUnavailable.execute(() => registerSchema(admin, subject, avro));
        },
      },
      strandedLetters: (change) => {
        const codec = createCodec({ source: confluentRegistry({ url }), now: () => performance.now() });
        return countStranded({ admin: cluster, codec }, change);
      },
      now: Date.now,
    });
  } finally {
    await cluster.close();
    await close();
  }
};

/** A schema of a subject with what the application declares beside it. */
const declaredOf = <Config extends EngineConfig>(
  app: App<Config>,
  subject: string,
  avro: AvroJson,
): DeclaredSubject => {
  const keyedBy = app.allTopics.find((topic) => subjectOf(topic) === subject)?.keyedBy;
  return { subject, avro, ...(keyedBy === undefined ? {} : { keyedBy }) };
};

/** The application's store of deployments, or one that remembers nothing. */
export const openDeployments = async <Config extends EngineConfig>(
  app: App<Config>,
  config: Config,
): Promise<OpenDeployments> =>
  (await app.deployments?.(config)) ?? {
    deployments: unrecordedDeployments(async () => (await app.migrate?.(config)) ?? []),
    close: async () => {},
  };

/** Who is at work, where nothing else is given: SLUICE_ACTOR, the CI's user, or the user of this machine. */
export const actorOf = (env: Environment): string =>
  env["SLUICE_ACTOR"] ?? env["GITHUB_ACTOR"] ?? env["GITLAB_USER_LOGIN"] ?? userInfo().username;

/** The name of this machine. */
export const hostOf = (): string => hostname();
