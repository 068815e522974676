/** What an application is: its topologies with what opens their ports, its settings, and what it adds to the command line. */
import type { Tracer } from "@opentelemetry/api";
import type { Registry } from "prom-client";
import type { Backoff } from "../clock.ts";
import type { Topology } from "../flow/dsl.ts";
import { type SourceCheck, withChecks } from "../flow/source-check.ts";
import type { TopologyGraph } from "../flow/graph.ts";
import { type Parts, writtenTopics } from "../flow/parts.ts";
import type { Fence, Leases } from "../lease.ts";
import type { Log } from "../log/log.ts";
import type { Logger } from "../logger.ts";
import type { DrawnOutbox } from "../flow/arrows.ts";
import { drawnOutbox, type OutboxDefinition } from "../outbox/define-outbox.ts";
import type { Outbox } from "../outbox/outbox.ts";
import type { Readiness } from "../readiness.ts";
import type { Repair } from "../repairs.ts";
import type { Hold } from "../worker/failures/holds.ts";
import type { ProcessLimits } from "../worker/partition/limits.ts";
import type { Upkeep } from "../worker/upkeep.ts";
import type { EngineConfig } from "./config/engine-config.ts";
import type { Environment, Settings } from "./config/settings.ts";
import type { DeclaredTopic } from "../deploy/plan/desired.ts";
import type { OpenDeployments } from "../deploy/deployments.ts";
import type { OpenProcesses } from "../deploy/processes.ts";
import type { OpenReplays } from "../dlq/jobs/replays.ts";
import type { ReplayAdvice } from "../dlq/plan/advice.ts";
import type { ConsoleAdditions } from "./console/define-console.ts";
import type { DoctorCheck } from "./doctor/checkup.ts";
import type { SchemaKeeping } from "./evolving/subjects.ts";
import type { Verification } from "./verify/verification.ts";

/** What a process is started with. */
export interface ProcessContext<Config extends EngineConfig = EngineConfig> {
  readonly config: Config;
  readonly logger: Logger;
  /** Its metrics. */
  readonly registry: Registry;
  /** Records spans; undefined where traces are off. */
  readonly tracer?: Tracer | undefined;
}

/** What a process is to whoever lists processes. */
export interface ListedAs {
  /** Its command: `worker`, `relay`, `api`. */
  readonly kind: string;
  /** The topology it works for, or the outbox it publishes. */
  readonly subject?: string;
  /** The hash of the graph it runs. */
  readonly hash?: string;
}

/** A process at work. */
export interface Running {
  readonly ready: () => Readiness;
  /** Resolves when it cannot go on, with the reason; never, while it can. */
  readonly ended: Promise<Error | undefined>;
  /** Finishes what is in flight and closes everything. */
  readonly stop: () => Promise<void>;
  /** What it is in the list of processes; absent where it is in none. */
  readonly listedAs?: ListedAs;
  /** What its calls wait for now, for whoever looks at it: `/holds` answers it. */
  readonly holding?: () => readonly Hold[];
  /** What it set right lately: `/repairs` answers it. */
  readonly repairs?: () => readonly Repair[];
  /** Fields of the log line that says it is up. */
  readonly about?: Readonly<Record<string, unknown>>;
}

/** The ports of a topology, opened for a worker, and how the worker differs from others. */
export interface Opened<Deps> {
  /** Everything the topology's steps need, bound to the lease of the partition they run for. */
  readonly deps: (fence: Fence) => Deps;
  /** Without them no worker is fenced: for topologies that cause the same effects whichever worker runs them. */
  readonly leases?: Leases;
  readonly upkeep?: Upkeep;
  /** What its upkeep set right lately, for whoever looks at the worker. */
  readonly repairs?: () => readonly Repair[];
  /** Closes what `deps` use, after the worker has drained. */
  readonly close: () => Promise<void>;
  /** Instead of the configuration's. */
  readonly limits?: ProcessLimits;
  /** Between attempts at what failed. Default: 50 ms to 1.5 s. */
  readonly backoff?: Backoff;
  /** Dependencies whose absence leaves the worker ready; see engine/worker/failures/holds.ts. */
  readonly optionalDependencies?: readonly string[];
  /** Wraps the log; for tests that make it fail. */
  readonly wrapLog?: (log: Log) => Log;
}

/** Opens the ports of a topology. */
export type Open<Deps, Config extends EngineConfig> = (context: ProcessContext<Config>) => Promise<Opened<Deps>>;

/** A topology of an application. */
export interface Hosted<Config extends EngineConfig = EngineConfig> {
  readonly topology: { readonly graph: TopologyGraph; readonly parts: Parts; readonly hash: string };
  /** Starts a worker of it. @throws where the group cannot be joined, or what is deployed is not what runs. */
  readonly start: (context: ProcessContext<Config>) => Promise<Running>;
  /** What its workers check of records beside what its topics declare; a plan of a replay asks it too. */
  readonly checks?: Checks<Config>;
  /** What is said about a replay of its letters before it is done. */
  readonly replayAdvice?: ReplayAdvice<Config>;
}

/** Checks of a topology's records that need the configuration, such as a secret. */
export type Checks<Config extends EngineConfig> = (config: Config) => Promise<readonly SourceCheck[]>;

/**
 * A topology with what opens the ports it needs: one that is missing does not compile. Let `open` import drivers when it
 * is called, so that drawing a topology needs none.
 */
export const runs = <Deps, Config extends EngineConfig = EngineConfig>(
  topology: Topology<Deps>,
  { open, ...others }: { readonly open: Open<NoInfer<Deps>, Config> } & Pick<Hosted<Config>, "checks" | "replayAdvice">,
): Hosted<Config> => ({
  topology,
  ...others,
  start: async (context) => {
    const { startTopologyWorker } = await import("./process/topology-worker.ts");
    const checks = (await others.checks?.(context.config)) ?? [];
    return startTopologyWorker(context, withChecks(topology, checks), await open(context));
  },
});

/** An outbox, opened for a relay. */
export interface OpenedOutbox<Value> {
  readonly outbox: Outbox<Value>;
  /** How long published rows are kept, ms; a day by default. */
  readonly keptMs?: number;
  /**
   * What the relay does beside publishing, until `signal` aborts, such as to delete what is old: where `leads` answers true,
   * it is this relay's turn. One that rejects ends the relay.
   */
  readonly upkeep?: (leads: () => boolean, signal: AbortSignal) => Promise<void>;
  /** Closes what `outbox` and `upkeep` use, after the relay has ended. */
  readonly close: () => Promise<void>;
  /** Wraps the log; for tests that make it fail. */
  readonly wrapLog?: (log: Log) => Log;
}

/** An outbox of an application. */
export interface HostedOutbox<Config extends EngineConfig = EngineConfig> {
  readonly name: string;
  readonly topic: DeclaredTopic;
  /** What drawings of the topologies that read its topic show of it. */
  readonly drawn: DrawnOutbox;
  /** Starts a relay of it. @throws where the log or the registry is away, or the topic is not as it is declared. */
  readonly start: (context: ProcessContext<Config>) => Promise<Running>;
}

/** An outbox with what opens its table. Let `open` import drivers when it is called, as for {@link runs}. */
export const relays = <Value, Published, Config extends EngineConfig = EngineConfig>(
  definition: OutboxDefinition<Value, Published>,
  { open }: { readonly open: (context: ProcessContext<Config>) => Promise<OpenedOutbox<NoInfer<Value>>> },
): HostedOutbox<Config> => ({
  name: definition.name,
  topic: definition.topic,
  drawn: drawnOutbox(definition),
  start: async (context) => {
    const { startOutboxRelay } = await import("./relay/outbox-relay.ts");
    return startOutboxRelay(context, definition, await open(context));
  },
});

/** What an error code means. */
export interface Explained {
  /** The page and heading that says it, from the repository's root. */
  readonly at: string;
  /** What it says there, in Markdown; absent where it says it of many codes at once. */
  readonly means?: string;
}

/** Answers what an error code means; undefined where nothing says it. */
export type Explains = (code: string) => Explained | undefined;

/** What an application declares. */
export interface AppDeclaration<Config extends EngineConfig> {
  /** Names the application where its command line explains itself. */
  readonly name: string;
  /** One sentence for `--help`. */
  readonly description: string;
  /** The first is meant where a command is given none. */
  readonly topologies: readonly [Hosted<Config>, ...Hosted<Config>[]];
  /** Loads them when a command needs a configuration: help and drawings need none. */
  readonly settings: () => Promise<Settings<Config>>;
  /**
   * What its relays publish: their topics are made like those of topologies. With one, there is the command `relay`, which
   * means the first where it is given none.
   */
  readonly outboxes?: readonly HostedOutbox<Config>[];
  /**
   * Opens the store of deployments. With one, what was applied is recorded, one apply runs at a time, and a worker starts
   * only with a graph that was deployed.
   */
  readonly deployments?: (config: Config) => Promise<OpenDeployments>;
  /**
   * Opens the list of processes. With one, workers, relays and what else is a process enter themselves, and `sluice console`
   * finds them there; nothing else depends on it.
   */
  readonly processes?: (config: Config) => Promise<OpenProcesses>;
  /** Opens the store of replays and discarded letters. Without one, dead letters can be looked at, and not replayed. */
  readonly replays?: (config: Config) => Promise<OpenReplays>;
  /**
   * Makes the tables that are missing, and names what it did. Idempotent. Runs before topics and schemas are made; for
   * applications without `deployments`, which make theirs.
   */
  readonly migrate?: (config: Config) => Promise<readonly string[]>;
  /** Where versions of its schemas are kept in the repository, for `sluice schema`, and what of their changes is allowed. */
  readonly schemas?: SchemaKeeping;
  /** What `verify` checks. */
  readonly checks?: readonly Verification<Config>[];
  /** What `doctor` checks beside brokers, registry and deployment. */
  readonly doctor?: readonly DoctorCheck<Config>[];
  /** What `console` shows beside the engine's own pages, and whose tokens it takes. */
  readonly console?: ConsoleAdditions<Config>;
  /**
   * Folders of further commands: `<name>.ts` exports `<name>Command(app): Command`, a name with hyphens in camel case.
   */
  readonly commands?: readonly URL[];
  /** Answers what an error code means, for messages and pages; undefined where nothing says it. Loaded when it is asked. */
  readonly explains?: () => Promise<Explains>;
  /** Completes the environment in development, such as by the addresses of the stack that is up. */
  readonly developmentEnvironment?: (env: Environment) => Promise<Environment>;
}

/** An application. */
export interface App<Config extends EngineConfig = EngineConfig> extends AppDeclaration<Config> {
  /** Marks a value as an application, for the command line that loads it from a file. */
  readonly kind: "sluice-app";
  /** Every topic that the application reads or writes, each once, without those for dead letters. */
  readonly allTopics: readonly DeclaredTopic[];
}

/**
 * Declares an application. `sluice.config.ts` exports it as `app`.
 * @throws RangeError where two topologies have one name, or two outboxes, or two declared topics.
 */
export const defineApp = <Config extends EngineConfig>(declared: AppDeclaration<Config>): App<Config> => {
  refuseTwice("topologies", topologyNames(declared));
  refuseTwice("outboxes", outboxNames(declared));
  return { ...declared, kind: "sluice-app", allTopics: topicsOf(declared) };
};

const refuseTwice = (what: string, names: readonly string[]): void => {
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw new RangeError(`two ${what} are named ${twice}`);
};

const topicsOf = <Config extends EngineConfig>({ topologies, outboxes = [] }: AppDeclaration<Config>) => {
  const byName = new Map<string, DeclaredTopic>();
  const parts = topologies.map(({ topology }) => topology.parts);
  for (const topic of [
    ...parts.flatMap((own) => [...own.sources, ...writtenTopics(own)]),
    ...outboxes.map((own) => own.topic),
  ]) {
    const known = byName.get(topic.name);
    if (known !== undefined && known !== topic) throw new RangeError(`two topics are declared as ${topic.name}`);
    byName.set(topic.name, topic);
  }
  return [...byName.values()];
};

/** The topology of a name. @throws RangeError where there is none. */
export const topologyNamed = <Config extends EngineConfig>(app: App<Config>, name: string): Hosted<Config> => {
  const found = app.topologies.find(({ topology }) => topology.graph.name === name);
  if (found === undefined) throw new RangeError(`no topology is named ${name}`);
  return found;
};

/** What drawings of an application's topologies show of its outboxes. */
export const drawnOutboxes = <Config extends EngineConfig>({
  outboxes = [],
}: Pick<App<Config>, "outboxes">): readonly DrawnOutbox[] => outboxes.map(({ drawn }) => drawn);

/** The sources of a topology with all that its workers check of their records. */
export const checkedSources = async <Config extends EngineConfig>(
  { topology, checks }: Pick<Hosted<Config>, "topology" | "checks">,
  config: Config,
): Promise<Parts["sources"]> => withChecks(topology, (await checks?.(config)) ?? []).parts.sources;

/** The names of an application's topologies, the first of which is meant where none is given. */
export const topologyNames = (app: { readonly topologies: readonly Pick<Hosted, "topology">[] }): readonly string[] =>
  app.topologies.map(({ topology }) => topology.graph.name);

/** The outbox of a name. @throws RangeError where there is none. */
export const outboxNamed = <Config extends EngineConfig>(app: App<Config>, name: string): HostedOutbox<Config> => {
  const found = app.outboxes?.find((outbox) => outbox.name === name);
  if (found === undefined) throw new RangeError(`no outbox is named ${name}`);
  return found;
};

/** The names of an application's outboxes, the first of which is meant where none is given. */
export const outboxNames = (app: {
  readonly outboxes?: readonly Pick<HostedOutbox, "name">[] | undefined;
}): readonly string[] => (app.outboxes ?? []).map(({ name }) => name);
