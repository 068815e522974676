/**
 * Verdicts as the workers write them, for an API whose clients wait: it reads the results from where their topics end, and looks
 * the reservations up that they name. A result is only when to look, so that whoever can write to these topics can have the
 * database asked, and can tell nobody a verdict. Refused (the API's user may not read the topics), slow or cut: a line is logged
 * once, and the database is asked every 20 ms for whoever waits; what was missed is found within half a second.
 */
import type { DecidedEvents } from "../../api/coupons/verdict-watch.ts";
import type { Codec, Decoder } from "../../engine/avro/codec.ts";
import { followEnds, type Follower } from "../../engine/log/kafka/follow-ends.ts";
import type { LogRecord } from "../../engine/log/log.ts";
import { errorFields } from "../../engine/logger.ts";
import { couponsIssued, couponsRefused, type ReservationId } from "../../schemas/coupon.ts";
import type { ShopContext } from "../config.ts";

/** What is told. Close it with the API. */
export interface OpenedEvents extends DecidedEvents {
  readonly close: () => Promise<void>;
}

/** Connects when it is started. @throws Fatal (KAFKA_OPTIONS, TLS_FILE) when it is */
export const openDecidedEvents = (
  { config, logger }: Pick<ShopContext, "config" | "logger">,
  codec: Pick<Codec, "decoder">,
): OpenedEvents => {
  let follower: Follower | undefined;
  const read = idReader(codec);
  const options = { brokers: config.brokers, clientId: "sluice-api", logger };
  return {
    start: ({ isWanted, decided }) => {
      follower = followEnds(options, {
        topics: [couponsIssued.name, couponsRefused.name],
        records: (topic, records) => {
          if (!isWanted()) return;
          const ids = read(topic, records);
          if (ids.length > 0) decided(ids);
        },
        lost: (error) =>
          logger.warn(
            { event: "verdicts.unseen", ...errorFields(error) },
            "results are not read: the database is asked for whoever waits",
          ),
      });
    },
    isTold: () => follower?.isFollowing() ?? false,
    close: async () => follower?.close(),
  };
};

/** The reservations that results name. What cannot be read is passed over; a schema that is new is asked for, for the next ones. */
const idReader = (codec: Pick<Codec, "decoder">) => {
  const decoders = new Map<string, Decoder<{ readonly reservationId: ReservationId }>>([
    [couponsIssued.name, codec.decoder(couponsIssued)],
    [couponsRefused.name, codec.decoder(couponsRefused)],
  ]);
  return (topic: string, records: readonly LogRecord[]): readonly ReservationId[] => {
    const decoder = decoders.get(topic);
    if (decoder === undefined) return [];
    return records.flatMap(({ value }) => {
      const decoded = decoder.decode(value);
      if (decoded.kind === "unknownSchema") void decoder.learn(decoded.id);
      return decoded.kind === "value" ? [decoded.value.reservationId] : [];
    });
  };
};
