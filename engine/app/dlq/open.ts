/** Opens what commands about dead letters read: the cluster, the store of replays, and decoders. */
import { createCodec } from "../../avro/codec.ts";
import { confluentRegistry } from "../../registry/registry.ts";
import type { Replays } from "../../dlq/jobs/replays.ts";
import type { DlqCluster, DlqPorts, LettersOf } from "../../dlq/ports.ts";
import { type LetterDecoder, letterDecoder } from "../../dlq/read/decode.ts";
import { Unavailable } from "../../errors.ts";
import { kafkaAdmin } from "../../log/kafka/admin/admin.ts";
import { CliError } from "../cli.ts";
import type { EngineConfig } from "../config/engine-config.ts";
import { type App, type Hosted, topologyNamed } from "../define-app.ts";

/** Open, until they are closed. */
export interface OpenDlq<Config extends EngineConfig> {
  readonly app: App<Config>;
  readonly config: Config;
  readonly cluster: DlqCluster;
  /** Undefined where the application declares none. */
  readonly replays: Replays | undefined;
  readonly decoder: LetterDecoder;
}

/** Opens them for as long as `work` runs. */
export const withDlq = async <Config extends EngineConfig, T>(
  app: App<Config>,
  config: Config,
  work: (open: OpenDlq<Config>) => Promise<T>,
): Promise<T> => {
  const cluster = await kafkaAdmin({ brokers: config.brokers, clientId: "sluice-dlq" });
  const store = await app.replays?.(config);
  try {
    const codec = codecOf(config);
    return await work({ app, config, cluster, replays: store?.replays, decoder: letterDecoder(codec, app.allTopics) });
  } finally {
    await cluster.close();
    await store?.close();
  }
};

/** For people: a command says at once that an id is unknown. */
export const codecOf = ({ registryUrl: url }: Pick<EngineConfig, "registryUrl">) =>
  createCodec({ source: confluentRegistry({ url }), now: () => performance.now(), unknownIdGraceMs: 0 });

/** A topology of the application, with how its letters are read. @throws CliError NO_SUCH_TOPOLOGY */
export const lettersOf = <Config extends EngineConfig>(
  { app, config }: Pick<OpenDlq<Config>, "app" | "config">,
  topology: string,
): LettersOf & { readonly hosted: Hosted<Config>; readonly sources: readonly string[] } => {
  const hosted = topologyNamed(app, topology);
  const { sources } = hosted.topology.graph;
  return { topology, group: `${config.groupPrefix}.${topology}`, hosted, sources };
};

/** The ports to look with: where the store does not answer, one without it, which is said. */
export const portsToLook = async <Config extends EngineConfig>(
  { cluster, replays }: OpenDlq<Config>,
  topology: string,
): Promise<DlqPorts> => {
  try {
    await replays?.jobs(topology, 1);
    return { cluster, replays };
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    return { cluster, replays: undefined };
  }
};

/** The store, for a command that changes something. @throws CliError NO_REPLAYS */
export const replaysToChange = <Config extends EngineConfig>({ replays }: OpenDlq<Config>): Replays => {
  if (replays !== undefined) return replays;
  throw new CliError("this application keeps no replays: its sluice.config.ts declares no `replays`", {
    code: "NO_REPLAYS",
    fix: "Declare a store of replays; `sluice dlq list`, groups, show and export work without one.",
  });
};
