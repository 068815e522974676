/** What a round goes through: it is read, decided, checked for a flood of dead letters, written, and finished. */
import type { Tracer } from "@opentelemetry/api";
import type { Decoder } from "../../avro/codec.ts";
import type { AnyTopic } from "../../flow/parts.ts";
import { Aborted, type AttemptOnce } from "../failures/attempts.ts";
import { guardFlood } from "../failures/dead-letter-flood.ts";
import type { Flood } from "../failures/flood.ts";
import type { Waits } from "../liveness/waits.ts";
import { takenAtMs } from "../partition/feed.ts";
import type { Round } from "../partition/in-flight.ts";
import { inTurn, type Turn } from "../partition/turns.ts";
import { type Inherited, notInherited } from "../partition/round-tracker.ts";
import type { Telemetry } from "../telemetry.ts";
import { type Deciding, type Decision, decideRound } from "./decide.ts";
import { readRound } from "./read-round.ts";
import { type RoundTrace, traceRound } from "./round-trace.ts";

/** What the pipeline of one partition works with. */
export interface PipelineOptions {
  readonly source: AnyTopic;
  readonly decoder: Decoder<unknown>;
  readonly deciding: Deciding;
  readonly flood: Flood;
  /** Rounds of the former assignment of this partition that had not ended. */
  readonly inherited: Inherited;
  readonly attempts: {
    /** Of reading. */
    readonly call: AttemptOnce;
    /** Of a whole round that was a flood; its calls are listed by themselves. */
    readonly round: AttemptOnce;
  };
  /** Epoch ms. */
  readonly now: () => number;
  /** Aborted when the partition is left: what is behind a record that was given up on is its next owner's. */
  readonly leaving: AbortSignal;
  /** Where acknowledgements are listed while they are waited for. */
  readonly acknowledgements: Pick<Waits, "during">;
  readonly telemetry: Pick<Telemetry, "round" | "aged">;
  /** Records spans of rounds; undefined where traces are off. */
  readonly tracer?: Tracer | undefined;
  /** The round, and `bytes` that are not acknowledged yet, is handed to the producer, in order: its lanes are free. */
  readonly written: (round: Round, bytes: number) => void;
  /** All that these records of the round wrote is acknowledged: their offsets are finished. `bytes`: of those that `written` was told. */
  readonly finished: (records: Round, bytes: number) => void;
}

/** Runs one round to its end. @throws Aborted @throws Fatal @throws Error what a flooded round's last attempt threw */
export type Pipeline = (round: Round, turn: Turn) => Promise<void>;

/** What a round goes through the pipeline with. */
interface InLine {
  readonly traced: RoundTrace | undefined;
  readonly turn: Turn;
}

/**
 * The pipeline of one partition: read -> decide -> guardFlood -> write -> finish. Where records were given up on in doubt, their
 * lanes stay taken until the dead letters are durable, and what is behind them in the round is decided after that: a record that
 * comes again, because its worker died first, has kept its place.
 */
export const createPipeline = (options: PipelineOptions): Pipeline => {
  const { flood, attempts, deciding, inherited, telemetry, source } = options;
  const reading = { source, partition: deciding.from.partition, decoder: options.decoder, attempt: attempts.call };
  const where = `${source.name}/${deciding.from.partition}`;

  const read = (round: Round) => readRound(round, reading);
  const write = (records: number, { writer, count }: Decision): Promise<void> => {
    const acknowledged = writer.flush();
    count();
    const what = `the acknowledgement of what ${records} records of ${where} wrote`;
    return options.acknowledgements.during(what, acknowledged);
  };

  const tracedBy = { ...deciding, tracer: options.tracer, groupId: deciding.provenance.groupId };

  const take = async (round: Round, own: Round, { traced, turn }: InLine): Promise<void> => {
    const environment = traced === undefined ? deciding.environment : traced.around(deciding.environment);
    const within = { ...deciding, environment: { ...environment, attempt: inTurn(environment.attempt, turn) } };
    const decide = (records: Round): Promise<Decision> =>
      guardFlood(flood, attempts.round, async () => {
        const decision = await decideRound(records, await read(records), within);
        // It may have had nothing to call but what runs ahead.
        await turn.come;
        return decision;
      });
    let [left, decision] = [round, await decide(own)];
    while (decision.behind.length > 0) {
      await write(left.length, decision);
      const behind = new Set(decision.behind);
      options.finished(
        left.filter((queued) => !behind.has(queued)),
        0,
      );
      if (options.leaving.aborted) throw new Aborted();
      [left, decision] = [decision.behind, await decide(decision.behind)];
    }
    const bytes = decision.writer.sizeBytes();
    const acknowledged = write(left.length, decision);
    if (decision.inDoubt) await acknowledged;
    options.written(round, bytes);
    await acknowledged;
    options.finished(left, bytes);
  };

  return async (round, turn) => {
    const startedAt = performance.now();
    // Not listed as a wait: the rounds of the former assignment list what they wait for.
    const own = inherited.size === 0 ? round : await notInherited(round, inherited);
    const traced = traceRound(tracedBy, own);
    try {
      await take(round, own, { traced, turn });
    } catch (error) {
      traced?.end(error);
      throw error;
    }
    traced?.end();
    telemetry.round(source.name, round.length, (performance.now() - startedAt) / 1_000);
    telemetry.aged(source.name, agesOf(round, options.now()));
  };
};

/** How old the records of a round are, seconds, where that is known. A broker's clock may be ahead of ours: nothing is younger than new. */
const agesOf = (round: Round, nowMs: number): Float64Array => {
  const ages = new Float64Array(round.length);
  let known = 0;
  for (const { record } of round) {
    const at = takenAtMs(record);
    if (at !== undefined) ages[known++] = Math.max(0, nowMs - at) / 1_000;
  }
  return ages.subarray(0, known);
};
