/** The verbs of `sluice topology` that look: drift, status and log. */
import type { Deployment, Operation } from "../../deploy/deployments.ts";
import { durationText } from "../../deploy/plan/units.ts";
import { makePlan } from "../../deploy/run/observe.ts";
import type { KafkaAdmin } from "../../log/kafka/admin/admin.ts";
import { lagOf } from "../../log/lag.ts";
import { retryTopic } from "../../worker/round/retry-record.ts";
import { unlessMissing } from "../../log/unless-missing.ts";
import { exitCodes, formatTable, jsonDocument, nextText, note, print, printJson } from "../cli.ts";
import type { EngineConfig } from "../config/engine-config.ts";
import { type App, topologyNames } from "../define-app.ts";
import { lookAt, type Looked } from "../dlq/look.ts";
import { withDlq } from "../dlq/open.ts";
import { loadConfig } from "../process/process.ts";
import { withDeployPorts } from "./open.ts";
import { notRecorded, planLines } from "./show-plan.ts";

/** `drift`: what is live against what was applied last. Exit code 3 where they differ. */
export const driftVerb = async <Config extends EngineConfig>(
  app: App<Config>,
  { json }: { readonly json?: boolean },
): Promise<void> => {
  const config = await loadConfig(app);
  const { planned, recorded } = await withDeployPorts(app, config, async (ports) => {
    const last = await ports.deployments.latest();
    return { planned: last && (await makePlan(ports, last.document, {})), recorded: ports.deployments.recorded };
  });
  const { changes = [], refusals = [], foreign = [] } = planned?.plan ?? {};
  const differs = changes.length + refusals.length > 0;
  // Where no deployment is recorded, what is declared is all that there is to compare with.
  const next = [differs || !recorded ? "sluice topology plan" : "sluice topology status"];
  const nothing = recorded ? "nothing is deployed" : notRecorded;
  const some = `${changes.length + refusals.length} differ from deployment`;
  note(planned === undefined ? nothing : differs ? `${some} ${planned.live.deployment}` : "no drift");
  if (json) printJson(jsonDocument("topology.drift", { changes, differences: refusals, foreign }, { next }));
  else if (planned !== undefined) for (const line of planLines(planned, new Map())) print(line);
  if (!json) print(nextText(next));
  if (differs) process.exitCode = exitCodes.pending;
};

interface TopologyStatus {
  readonly topology: string;
  /** Null where it was never deployed, or deployments are not recorded. */
  readonly deployed: string | null;
  readonly beside: string | null;
  readonly deployedAt: number | null;
  /** Workers by the first digits of the graph they run; `?` where they do not say. */
  readonly running: Readonly<Record<string, number>>;
  /** Records; null where nothing was committed yet or a topic is missing. */
  readonly lag: string | null;
  /** The same, of the retry topic: letters that were sent again and are not decided. */
  readonly retryLag: string | null;
  /** Dead letters that are not settled, by what became of them. */
  readonly deadLetters: LetterCounts;
}

interface LetterCounts {
  readonly open: number;
  readonly pending: number;
}

const countsOf = ({ standings }: Looked): LetterCounts => ({
  open: standings.filter(({ state }) => state === "open").length,
  pending: standings.filter(({ state }) => state === "pending").length,
});

/** `status`: what is deployed, what runs, how far it is behind, and which operation has not ended. */
export const statusVerb = async <Config extends EngineConfig>(
  app: App<Config>,
  { json }: { readonly json?: boolean },
): Promise<void> => {
  const config = await loadConfig(app);
  const letters = await withDlq(app, config, async (dlq) => {
    const counted = new Map<string, LetterCounts>();
    for (const name of topologyNames(app)) counted.set(name, countsOf(await lookAt(dlq, { topology: name })));
    return counted;
  });
  const { last, rows, open, recorded } = await withDeployPorts(app, config, async ({ cluster, deployments }) => {
    const latest = await deployments.latest();
    const status: TopologyStatus[] = [];
    for (const { topology } of app.topologies) {
      const { name, sources } = topology.graph;
      const of = { name, sources, group: `${config.groupPrefix}.${name}`, letters: letters.get(name) };
      status.push(await statusOf(cluster, latest, of));
    }
    const unfinished = (await deployments.operations(10)).filter(({ endedAt }) => endedAt === null);
    return { last: latest, rows: status, open: unfinished, recorded: deployments.recorded };
  });
  const isDeployed = rows.some(({ deployed }) => deployed !== null);
  const afterwards = recorded ? "sluice topology apply" : "sluice topology plan";
  const next = [isDeployed ? "sluice topology drift" : afterwards];
  if (json) {
    const document = { recorded, deployment: last?.number ?? null, topologies: rows, unfinished: open };
    return printJson(jsonDocument("topology.status", document, { next }));
  }
  // The number that a rollback is given; those of operations are others.
  if (last !== undefined) print(`deployment ${last.number} by ${last.actor}`);
  const head = ["topology", "deployed", "running", "lag", "retry lag", "dead letters"];
  const none = recorded ? "not" : "not recorded";
  print(
    formatTable(
      head,
      rows.map((row) => statusRow(row, none)),
      { right: ["lag", "retry lag", "dead letters"] },
    ),
  );
  for (const { number, actor, verb } of open) print(`operation ${number} (${verb}) of ${actor} began and did not end`);
  print(nextText(next));
};

const statusOf = async (
  cluster: KafkaAdmin,
  last: Deployment | undefined,
  of: {
    readonly name: string;
    readonly sources: readonly string[];
    readonly group: string;
    readonly letters: LetterCounts | undefined;
  },
): Promise<TopologyStatus> => {
  const { name, sources, group, letters } = of;
  const deployed = last?.document.topologies[name];
  const { members } = await cluster.describeGroup(group);
  const running: Record<string, number> = {};
  for (const { clientId } of members) {
    const hash = /@([0-9a-f]{8})$/.exec(clientId)?.[1] ?? "?";
    running[hash] = (running[hash] ?? 0) + 1;
  }
  return {
    topology: name,
    deployed: deployed?.hash.slice(0, 8) ?? null,
    beside: last?.besides[name]?.slice(0, 8) ?? null,
    deployedAt: deployed === undefined ? null : (last?.deployedAt ?? null),
    running,
    lag: await lagText(cluster, group, sources),
    retryLag: await lagText(cluster, group, [retryTopic(name)]),
    deadLetters: letters ?? { open: 0, pending: 0 },
  };
};

const lagText = (cluster: KafkaAdmin, group: string, topics: readonly string[]): Promise<string | null> =>
  unlessMissing(async () => {
    let lag = 0n;
    for (const topic of topics) lag += await lagOf(cluster, group, topic);
    return lag.toString();
  }, null);

/** `none` is said of what is not deployed. */
const statusRow = (status: TopologyStatus, none: string): readonly string[] => {
  const { topology, deployed, deployedAt, running, lag, retryLag, deadLetters } = status;
  const workers = Object.entries(running).map(([hash, count]) => `${count} ${hash}`);
  const age = deployedAt === null ? "" : `  ${ageText(Date.now() - deployedAt)}`;
  const { open: waiting, pending } = deadLetters;
  const letters = `${waiting} open${pending > 0 ? `, ${pending} pending` : ""}`;
  return [topology, `${deployed ?? none}${age}`, workers.join(", ") || "none", lag ?? "?", retryLag ?? "?", letters];
};

/** A duration in whole minutes, hours or days. */
const ageText = (ms: number): string => {
  const minutes = Math.max(0, Math.floor(ms / 60_000));
  if (minutes < 60) return `${minutes} min`;
  const [size, unit] = minutes < 48 * 60 ? [3_600_000, "h"] : [86_400_000, "d"];
  return `${Math.floor(ms / size)} ${unit}`;
};

/** `log`: the newest operations. */
export const logVerb = async <Config extends EngineConfig>(
  app: App<Config>,
  { json, limit }: { readonly json?: boolean; readonly limit: number },
): Promise<void> => {
  const config = await loadConfig(app);
  const { operations, recorded } = await withDeployPorts(app, config, async ({ deployments }) => {
    return { operations: await deployments.operations(limit), recorded: deployments.recorded };
  });
  if (!recorded) note(notRecorded);
  const next = ["sluice topology status"];
  if (json) return printJson(jsonDocument("topology.log", operations, { next }));
  const head = ["number", "started", "by", "what", "result", "took", "reason"];
  print(formatTable(head, operations.map(logRow), { right: ["number"] }));
  print(nextText(next));
};

const logRow = ({ number, actor, verb, reason, startedAt, endedAt, result }: Operation): readonly string[] => [
  String(number),
  new Date(startedAt).toISOString().slice(0, 19).replace("T", " "),
  actor,
  verb,
  result ?? "not ended",
  endedAt === null ? "" : durationText(endedAt - startedAt),
  reason ?? "",
];
