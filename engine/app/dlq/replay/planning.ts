/** Makes the plan of a replay: reads everything, asks the application what it means, and names what speaks against it. */
import { RegistryUnavailable } from "../../../registry/http.ts";
import type { ReplayLimits } from "../../../dlq/jobs/job.ts";
import type { Replays } from "../../../dlq/jobs/replays.ts";
import { hasOwnBytes, idText, type Letter } from "../../../dlq/letters/letter.ts";
import type { Selection } from "../../../dlq/letters/select.ts";
import type { Standing } from "../../../dlq/letters/state.ts";
import { planReplay, type ReplayPlan } from "../../../dlq/plan/plan.ts";
import { readStandings } from "../../../dlq/read/read-standings.ts";
import { fetchLetters, fetchOrigins } from "../../../dlq/run/fetch-letters.ts";
import type { Transform } from "../../../dlq/run/send.ts";
import type { EngineConfig } from "../../config/engine-config.ts";
import { openDeployments } from "../../deploying/open.ts";
import { retryTopic } from "../../../worker/round/retry-record.ts";
import { CliError } from "../../cli.ts";
import { selected } from "../look.ts";
import { lettersOf, type OpenDlq } from "../open.ts";
import { readableLetters } from "../readable.ts";
import { type LiveState, refusalsOf, type ReplayRefusal } from "./refusals.ts";

/** What is to be planned. */
export interface PlanRequest {
  readonly topology: string;
  readonly selection: Selection;
  readonly limits: ReplayLimits;
  readonly transform?: Transform | undefined;
  /** Instead of a selection: exactly these, of a plan that was saved. */
  readonly isMeant?: ((letter: Letter) => boolean) | undefined;
}

/** A plan with what it was made of. */
export interface PlannedReplay {
  readonly plan: ReplayPlan;
  readonly clusterId: string;
  /** The hash of the deployed graph; null where deployments are not recorded. */
  readonly deployed: string | null;
  /** Members of the group that read the retry topic. */
  readonly readers: number;
  /** What the application says of it. */
  readonly advice: readonly string[];
  readonly refusals: readonly ReplayRefusal[];
  readonly warnings: readonly string[];
  /** Every letter that is meant. */
  readonly selected: readonly Standing[];
}

/** Plans. Changes nothing. @throws CliError for a selection that means nothing, and where the registry is away */
export const planOf = async <Config extends EngineConfig>(
  open: OpenDlq<Config>,
  replays: Replays,
  request: PlanRequest,
): Promise<PlannedReplay> => {
  const of = lettersOf(open, request.topology);
  const reading = readableLetters(open);
  const read = await readStandings({ cluster: open.cluster, replays }, of, reading.examine);
  if (reading.isRegistryAway()) throw registryAwayError();
  const { isMeant } = request;
  const meant = isMeant === undefined ? read.standings : read.standings.filter(({ letter }) => isMeant(letter));
  const chosen = selected(meant, request.selection, { topology: request.topology });
  const isWhole = await wholeAtOrigin(open, chosen);
  const unfit = request.transform === undefined ? undefined : await unfitLetters(open, chosen, request.transform);
  const plan = planReplay(
    chosen,
    {
      isReadable: (letter) => (unfit === undefined ? reading.isReadable(letter) !== false : !unfit.has(letter)),
      isAtOrigin: isWhole,
      sources: sourcesOf(of.hosted.topology.graph),
      maxAttempts: request.limits.maxAttempts,
    },
    {
      topology: request.topology,
      selection: request.selection,
      limits: request.limits,
      letterEnds: read.letterEnds.map(String),
      retryEnds: read.retryEnds.map(String),
    },
  );
  const live = await liveStateOf(open, request.topology);
  return {
    plan,
    ...live,
    advice: await adviceOf(open, of.hosted.replayAdvice, plan),
    refusals: refusalsOf(plan, live, read.retryEnds.length > 0),
    warnings: read.trimmed > 0n ? [`${read.trimmed} dead letter(s) were deleted: nothing is known of them`] : [],
    selected: chosen,
  };
};

const registryAwayError = (): CliError =>
  new CliError("the registry does not answer: which letters can be read is not known; nothing was changed", {
    code: "REGISTRY_UNAVAILABLE",
    fix: "Next: sluice doctor",
  });

const sourcesOf = ({
  sources,
  endpoints,
}: {
  readonly sources: readonly string[];
  readonly endpoints: Readonly<Record<string, { readonly kind: string; readonly partitions?: number }>>;
}): ReadonlyMap<string, number> => new Map(sources.map((name) => [name, endpoints[name]?.partitions ?? 0]));

/** Which of the letters without their own bytes are still where they came from. */
const wholeAtOrigin = async <Config extends EngineConfig>(
  { cluster }: OpenDlq<Config>,
  chosen: readonly Standing[],
): Promise<(letter: Letter) => boolean> => {
  const without = chosen.flatMap(({ letter }) => (hasOwnBytes(letter) || letter.flaws.length > 0 ? [] : [letter]));
  const origins = await fetchOrigins(cluster, without);
  return (letter) => origins.has(idText(letter.origin));
};

/** Letters whose bytes are looked at together: at most 2 MiB each. */
const lettersAtOnce = 100;

/** Shows the bytes of letters that may be replayed, some at a time. */
const eachRecord = async <Config extends EngineConfig>(
  { cluster }: OpenDlq<Config>,
  letters: readonly Letter[],
  see: (letter: Letter, record: Parameters<Transform>[1]) => Promise<void> | void,
): Promise<void> => {
  for (let at = 0; at < letters.length; at += lettersAtOnce) {
    const some = letters.slice(at, at + lettersAtOnce);
    const records = await fetchLetters(cluster, some);
    for (const letter of some) {
      const record = records.get(idText(letter.place));
      if (record !== undefined) await see(letter, record);
    }
  }
};

/** Letters that the transform fails: tried before anything is sent. */
const unfitLetters = async <Config extends EngineConfig>(
  open: OpenDlq<Config>,
  chosen: readonly Standing[],
  transform: Transform,
): Promise<ReadonlySet<Letter>> => {
  const unfit = new Set<Letter>();
  const candidates = chosen.flatMap(({ letter, state }) => (state === "open" ? [letter] : []));
  await eachRecord(open, candidates, async (letter, record) => {
    try {
      await transform(letter, record);
    } catch (error) {
      if (error instanceof RegistryUnavailable) throw registryAwayError();
      unfit.add(letter);
    }
  });
  return unfit;
};

const adviceOf = async <Config extends EngineConfig>(
  open: OpenDlq<Config>,
  replayAdvice: ReturnType<typeof lettersOf<Config>>["hosted"]["replayAdvice"],
  { ready }: ReplayPlan,
): Promise<readonly string[]> => {
  if (replayAdvice === undefined || ready.length === 0) return [];
  const advisor = await replayAdvice(open.config);
  try {
    await eachRecord(
      open,
      ready.map(({ letter }) => letter),
      async (letter, { value }) => {
        const reading = await open.decoder.read(letter.origin.topic, value);
        if (reading.kind === "value") advisor.see(reading.value);
      },
    );
    return await advisor.advise();
  } finally {
    await advisor.close();
  }
};

/** Who reads the retry topic, and which graph they run. */
const liveStateOf = async <Config extends EngineConfig>(
  open: OpenDlq<Config>,
  topology: string,
): Promise<LiveState> => {
  const { group } = lettersOf(open, topology);
  const { deployments, close } = await openDeployments(open.app, open.config);
  try {
    const [clusterId, { members }, accepted] = [
      await open.cluster.clusterId(),
      await open.cluster.describeGroup(group),
      await deployments.accepted(topology),
    ];
    const readers = members.filter(({ topics }) => topics.includes(retryTopic(topology)));
    return {
      clusterId,
      deployed: accepted?.hash ?? null,
      readers: readers.length,
      running: readers.flatMap(({ clientId }) => /@([0-9a-f]{8})$/.exec(clientId)?.[1] ?? []),
    };
  } finally {
    await close();
  }
};
