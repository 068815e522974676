/** Releases with a field more in the request for a coupon, which readers of the release before can do without. */
import type { Patch } from "./release.ts";

const schemas = "schemas/coupon.ts";
const accept = "api/coupons/accept.ts";
const requestedAt = "  requestedAt: timestampMs(),\n";
const channel = "  channel: optional(string()),\n";
/** Releases that follow each other: each has one field more than the one before, and its API writes it. */
export const additions: readonly {
  readonly name: string;
  readonly first: "workers" | "apis";
  readonly patches: readonly Patch[];
}[] = [
  {
    name: "channel",
    first: "workers",
    patches: [
      { file: schemas, from: requestedAt, to: requestedAt + channel },
      { file: accept, from: "requestedAt: clock.now() };", to: 'requestedAt: clock.now(), channel: "web" };' },
    ],
  },
  {
    name: "campaign",
    first: "apis",
    patches: [
      { file: schemas, from: channel, to: `${channel}  campaign: optional(string()),\n` },
      { file: accept, from: 'channel: "web" };', to: 'channel: "web", campaign: "spring" };' },
    ],
  },
];
