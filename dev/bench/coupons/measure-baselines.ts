/** The other designs for one hot coupon, each over as many requests of its own. */
import type avro from "avsc";
import { note } from "../../../engine/app/cli.ts";
import { CouponIssueRequested, couponIssueRequests } from "../../../schemas/coupon.ts";
import { hot } from "../scenarios.ts";
import type { Stage } from "../stage.ts";
import { runBaseline } from "./baseline.ts";
import { runBatches } from "./baseline-batches.ts";
import { runQueue } from "./baseline-queue.ts";
import type { BaselineRun } from "./baseline-shop.ts";
import type { BaselineOptions } from "./baseline-topics.ts";
import { openCoupons, preload } from "./preload.ts";

/** A run with its rate. */
export interface RatedRun extends BaselineRun {
  readonly issuedPerSecond: number;
}

/** A run of one of the designs. */
export interface DesignRun extends RatedRun {
  readonly design: string;
}

/** How many records each of them processes, and what its topics and tables begin with. */
export interface BaselineSizes {
  readonly prefix: string;
  readonly baselineRecords: number;
}

/** Record by record: what everything else is compared with. @throws the drivers' errors */
export const measureBaseline = async (stage: Stage, { prefix, baselineRecords }: BaselineSizes): Promise<RatedRun> => {
  note(`baseline: ${baselineRecords} records, one by one`);
  return rated(await runBaseline(await preloaded(stage, `${prefix}-baseline`, baselineRecords)));
};

/** The other two designs, behind `baseline` as it was measured. @throws the drivers' errors */
export const measureDesigns = async (
  stage: Stage,
  baseline: RatedRun,
  { prefix, baselineRecords: records }: BaselineSizes,
): Promise<readonly DesignRun[]> => {
  note(`baselines: ${records} records in batches, ${records} requests in a queue`);
  const batches = await runBatches(await preloaded(stage, `${prefix}-batches`, records));
  const queue = await runQueue({
    endpoints: stage.endpoints,
    name: `${prefix}-queue`,
    records,
    stock: records,
    signal: stage.signal,
  });
  return [
    { design: "record by record", ...baseline },
    { design: "batches with p-limit", ...rated(batches) },
    { design: "a sorted-set queue", ...rated(queue) },
  ];
};

const rated = (run: BaselineRun): RatedRun => ({ ...run, issuedPerSecond: Math.round(run.issued / run.seconds) });

/** Topics of its own, and the requests in them. */
const preloaded = async (stage: Stage, name: string, records: number): Promise<BaselineOptions> => {
  const [sourceTopic, resultTopic] = [name, `${name}-results`];
  await stage.admin.ensureTopics([sourceTopic, resultTopic].map((topic) => ({ name: topic, partitions: 1 })));
  const scenario = hot(name, records);
  await openCoupons(stage, scenario);
  await preload(stage, scenario, { ...couponIssueRequests, name: sourceTopic, partitions: 1 });
  return {
    ...{ endpoints: stage.endpoints, name, sourceTopic, resultTopic, records, stock: records, signal: stage.signal },
    // Our declarations are plain Avro; avsc's type of the same JSON is mutable.
    requestSchema: CouponIssueRequested.avro as avro.Schema,
  };
};
