/**
 * What a worker of coupon issuing checks of a request besides its topic's rules: that its id was minted by the API, for its user.
 * Whoever may write to the topic would otherwise get coupons for anybody, without a token (ADR 0003). About 1 us a record.
 */
import { createReservationIds } from "../../api/coupons/reservation-id.ts";
import { type SourceCheck, sourceCheck } from "../../engine/flow/source-check.ts";
import { couponIssueRequests } from "../../schemas/coupon.ts";
import type { Config, TokenConfig } from "../config.ts";

/** Of ids minted with the secret of tokens or the former one: requests accepted before a rotation are decided after it. */
export const couponChecks = ({
  tokenSecret,
  tokens,
}: Pick<Config, "tokenSecret"> & { readonly tokens: Pick<TokenConfig, "secrets"> }): readonly SourceCheck[] => {
  const ids = createReservationIds(tokenSecret, tokens.secrets.slice(1));
  return [
    sourceCheck(couponIssueRequests, ({ reservationId, userId }) =>
      ids.mintedFor(reservationId, userId) ? undefined : "its reservation's id was not minted for its user",
    ),
  ];
};
