/** The processes of a world of payments but the API's: relays, and workers of the two topologies that read payments. */
import { startRelay } from "../../../engine/outbox/relay.ts";
import { relayDefaults, silentRelayTelemetry } from "../../../engine/outbox/relay-options.ts";
import { paymentOutbox } from "../../../topology/payment-outbox.ts";
import { unfenced } from "../../../engine/worker/partition/lease-guard.ts";
import { paymentsCompleted } from "../../../schemas/payment.ts";
import { externalData } from "../../../topology/external-data.ts";
import { transactionHistory } from "../../../topology/transaction-history.ts";
import { logOf } from "../environment/log.ts";
import { createPlace, type Place, type Running } from "../environment/place.ts";
import type { Process } from "../environment/process.ts";
import { codecOf } from "../environment/registry.ts";
import { commonOf, producerOf, runWorker } from "../environment/worker.ts";
import { leaderSilentMs, outboxOf } from "./stores/outbox.ts";
import { historyOf, platformOf } from "./stores/sinks.ts";
import { groupOf, type PaymentWorld } from "./world.ts";

/** How long a stopping relay waits for acknowledgements that do not come, ms. */
const drainMs = 1_000;

/** Places for relays, historians and senders, empty yet. */
export const backgroundPlaces = (world: PaymentWorld): readonly Place[] => {
  const { relays, historians, senders } = world.scenario;
  const gone = (process: Process): void => {
    const { time, dice, database } = world;
    time.after(dice.between(1, 30), () => database.closeAll(process, "its process is gone"));
  };
  const places = (letter: string, count: number, boot: (process: Process) => Promise<Running>): readonly Place[] =>
    Array.from({ length: count }, (_, n) => createPlace({ name: `${letter}${n + 1}`, boot, gone }, world));
  return [
    ...places("r", relays, (process) => runRelay(process, world)),
    ...places("h", historians, (process) =>
      runWorker(process, world, {
        ...{ topology: transactionHistory, topics: [paymentsCompleted], leases: unfenced },
        deps: () => ({ history: historyOf(process, world) }),
        groupId: groupOf(transactionHistory.graph.name),
      }),
    ),
    ...places("x", senders, (process) =>
      runWorker(process, world, {
        ...{ topology: externalData, topics: [paymentsCompleted], leases: unfenced },
        deps: () => ({ platform: platformOf(process, world) }),
        groupId: groupOf(externalData.graph.name),
      }),
    ),
  ];
};

const runRelay = async (process: Process, world: PaymentWorld): Promise<Running> => {
  const { maxRows, keptMs } = world.scenario;
  const encode = await codecOf(process, world).encoder(paymentsCompleted);
  const log = logOf(process, world);
  const producer = producerOf(process, world, log, [paymentsCompleted]);
  const relay = startRelay({
    ...commonOf(process, world),
    definition: paymentOutbox,
    outbox: outboxOf(process, world),
    producer,
    encode,
    telemetry: silentRelayTelemetry,
    settings: {
      ...relayDefaults,
      ...{
        maxRows,
        keptMs,
        pollMs: 50,
        leadWaitMs: 200,
        keepAliveMs: leaderSilentMs / 4,
        pruneEveryMs: 300,
        pruneMaxRows: 3,
      },
    },
  });
  const stop = async (): Promise<void> => {
    await relay.stop();
    const waited = new AbortController();
    void process.clock.sleep(drainMs, waited.signal).then(() => waited.signal.aborted || producer.abandon());
    await producer.close();
    waited.abort();
    await log.close();
  };
  return { ended: relay.ended, stop };
};
