/** Where the console of the demo is. */
import { readFile } from "node:fs/promises";
import { partitionOfKey } from "../../engine/log/producer/partitioner.ts";
import { couponIssueRequests } from "../../schemas/coupon.ts";
import type { Child } from "../children.ts";

/** Its name among the processes. */
export const consoleName = "console";

/** The address that logs in, once: the latest in its log, because there is another one after each use. */
export const consoleOf = async (children: readonly Pick<Child, "name" | "logFile">[]): Promise<string> => {
  const child = children.find(({ name }) => name === consoleName);
  const log = child === undefined ? "" : await readFile(child.logFile, "utf8").catch(() => "");
  return addressIn(log) ?? "npm run sluice -- console";
};

/** The story of the first request of a coupon's partition, in that console: nobody who comes for the first time knows an id. */
export const storyIn = (address: string, couponId: string): string => {
  const { name, partitions } = couponIssueRequests;
  const first = `${name}/${partitionOfKey(Buffer.from(couponId), partitions)}/0`;
  return URL.canParse(address) ? new URL(`/story/${first}`, address).href : `npm run sluice -- story ${first}`;
};

/** The last address that a console wrote; undefined where it wrote none. Pure. */
export const addressIn = (log: string): string | undefined => [...log.matchAll(/^console: (http\S+)$/gm)].at(-1)?.[1];
