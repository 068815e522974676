/** Makes the plan of a replay: reads everything, asks the application what it means, and names what speaks against it. */
import type { ReplayLimits } from "../../../dlq/jobs/job.ts";
import type { Replays } from "../../../dlq/jobs/replays.ts";
import { hasOwnBytes, type Letter } from "../../../dlq/letters/letter.ts";
import type { Selection } from "../../../dlq/letters/select.ts";
import type { Standing } from "../../../dlq/letters/state.ts";
import { planReplay, type ReplayPlan } from "../../../dlq/plan/plan.ts";
import { type Prospect, prospects } from "../../../dlq/plan/prospect.ts";
import { readStandings } from "../../../dlq/read/read-standings.ts";
import type { Transform } from "../../../dlq/run/send.ts";
import type { EngineConfig } from "../../config/engine-config.ts";
import { openDeployments } from "../../deploying/open.ts";
import { retryTopic } from "../../../worker/round/retry-record.ts";
import { checkedSources } from "../../define-app.ts";
import { selected } from "../look.ts";
import { lettersOf, type OpenDlq } from "../open.ts";
import { readingLetters } from "../readable.ts";
import { eachRecord, lettersToLookInto, lookInto, notKnown } from "./look-into.ts";
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
  const judge = prospects(request.topology, await checkedSources(of.hosted, open.config));
  // Of a hundred thousand letters most are sound, and need no entry.
  const known = new Map<Letter, Prospect>();
  const reading = readingLetters(open.decoder, (letter, record, made) => {
    const found = judge(letter.origin.topic, record, made);
    if (found !== "sound") known.set(letter, found);
  });
  const read = await readStandings({ cluster: open.cluster, replays }, of, reading.examine);
  const failure = reading.registryFailure();
  if (failure !== undefined) throw notKnown(failure);
  const { isMeant } = request;
  const meant = isMeant === undefined ? read.standings : read.standings.filter(({ letter }) => isMeant(letter));
  const chosen = selected(meant, request.selection, { topology: request.topology });
  const { transform } = request;
  const looked = await lookInto(open, lettersToLookInto(chosen, transform), { judge, transform });
  const plan = planReplay(
    chosen,
    {
      prospectOf: (letter) =>
        looked.prospects.get(letter) ?? (hasOwnBytes(letter) ? (known.get(letter) ?? "sound") : "gone"),
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
    warnings: [
      ...(read.trimmed > 0n ? [`${read.trimmed} dead letter(s) were deleted: nothing is known of them`] : []),
      ...looked.warnings,
    ],
    selected: chosen,
  };
};

const sourcesOf = ({
  sources,
  endpoints,
}: {
  readonly sources: readonly string[];
  readonly endpoints: Readonly<Record<string, { readonly kind: string; readonly partitions?: number }>>;
}): ReadonlyMap<string, number> => new Map(sources.map((name) => [name, endpoints[name]?.partitions ?? 0]));

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
