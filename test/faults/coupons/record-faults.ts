/** What somebody else writes to the topic of requests: records that are made to stop whoever reads them. */
import { mintWith } from "../../../dev/mint.ts";
import { encoderFor } from "../../../engine/avro/codec.ts";
import { raw } from "../../../engine/avro/testing/raw-bytes.ts";
import { subjectOf } from "../../../engine/avro/topic.ts";
import { confluentAdmin } from "../../../engine/registry/admin.ts";
import { type CouponId, couponIssueRequests } from "../../../schemas/coupon.ts";
import type { Fault, FaultRun, Tried } from "../fault.ts";
import { underLoad } from "../live.ts";
import { type Asked, requestOf } from "./requests.ts";
import type { Scene } from "./scene.ts";

/** Other keys go on as if nothing had come. */
const undisturbedMs = 2_000;
const two = [{ name: "worker-1" }, { name: "worker-2" }];
/** Ids that no registry of a test has reached. */
const unknownFrom = 1_900_000_000;
const unknownIds = 1_500;

/** Keys of no coupon, over all partitions: their records are dead-lettered and are in nobody's order. */
const hostile = (n: number): CouponId => `hostile-${n}` as CouponId;

const unknownSchemas = (run: FaultRun): Promise<Tried> =>
  underLoad(run, { workers: two }, async (live) => {
    const named = (n: number): Asked => {
      const bytes = Buffer.alloc(40);
      bytes.writeInt32BE(unknownFrom + n, 1);
      return { couponId: hostile(n), request: undefined, bytes };
    };
    await run.scene.append(Array.from({ length: unknownIds }, (_, n) => named(n)));
    live.struck();
    live.recovering(0);
    // Within the grace, and after it.
    await live.wait(10_000);
    live.recovering(0);
    await live.wait(30_000);
    live.recovering(0);
  });

/** The id of a version of the subject, as its readers take it, whose last field is a list of nulls. */
const registerBomb = async ({ config }: Scene): Promise<number> => {
  const { avro } = couponIssueRequests.schema;
  const { fields, ...others } = avro as { readonly fields: readonly object[] };
  const padding = { name: "padding", type: { type: "array", items: "null" }, default: [] };
  const registered = await confluentAdmin({ url: config.registryUrl }).register(subjectOf(couponIssueRequests), {
    ...others,
    fields: [...fields, padding],
  } as never); // JSON of a schema, as above.
  if (registered.kind !== "registered") throw new Error(`the bomb's schema was not registered: ${registered.why}`);
  return registered.id;
};

const avroBomb = (run: FaultRun): Promise<Tried> =>
  underLoad(run, { workers: two }, async (live) => {
    const encode = encoderFor(couponIssueRequests, await registerBomb(run.scene));
    const mint = mintWith(run.scene.config);
    for (let n = 0; n < run.times; n++) {
      const bombs = Array.from({ length: 2 * couponIssueRequests.partitions }, (_, at): Asked => {
        const { request, couponId } = requestOf(mint, hostile(at), "bomber");
        if (request === undefined) throw new Error("a request of a user is one");
        const bytes = Buffer.concat([encode(request), raw(100_000_000_000n, Buffer.alloc(60))]);
        return { couponId, request: undefined, bytes };
      });
      await run.scene.append(bombs);
      live.struck();
      live.recovering(0);
      await live.wait(3_000);
    }
  });

/** What records do that were made to harm. */
export const recordFaults: readonly Fault[] = [
  {
    name: "unknown-schemas",
    about: `${unknownIds} records with as many schema ids that the registry does not have, under load`,
    windows: [20],
    times: 1,
    brokers: 1,
    recoverWithinMs: undisturbedMs,
    run: unknownSchemas,
  },
  {
    name: "avro-bomb",
    about: "Records that say they have a list of 1e11 items, under a schema of the subject, under load",
    windows: [18],
    times: 3,
    brokers: 1,
    recoverWithinMs: undisturbedMs,
    run: avroBomb,
  },
];
