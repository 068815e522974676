/**
 * `sluice api`, `relay` and `worker --topology <name>` for fault tests: the same process from the same composition root,
 * armed to die at a point and with its connections led where the test wants them. The variables are those of ../worker.ts.
 */
import { startApi } from "../../../ops/processes/api.ts";
import { openExternalData } from "../../../ops/processes/external-worker.ts";
import { openTransactionHistory } from "../../../ops/processes/history-worker.ts";
import { openPaymentOutbox } from "../../../ops/processes/payment-relay.ts";
import type { Running } from "../../../engine/app/define-app.ts";
import { runProcess } from "../../../engine/app/process/process.ts";
import { startOutboxRelay } from "../../../engine/app/relay/outbox-relay.ts";
import { startTopologyWorker } from "../../../engine/app/process/topology-worker.ts";
import type { ShopContext } from "../../../ops/config.ts";
import type { ProcessHooks } from "../../../ops/processes/process-hooks.ts";
import { app } from "../../../sluice.config.ts";
import { externalData } from "../../../topology/external-data.ts";
import { paymentOutbox } from "../../../topology/payment-outbox.ts";
import { transactionHistory } from "../../../topology/transaction-history.ts";
import { leadConnections } from "../lead.ts";
import { parseArmed, springOn, trapFor } from "../trap.ts";
import { trappedParts } from "./around.ts";
import type { Role } from "./points.ts";

const [, , command = "", , topology = ""] = process.argv;
const { FAULTS_AT: at, FAULTS_SIGNAL: signal, FAULTS_NOTE: note = "", FAULTS_LEAD: lead } = process.env;

const roleOf = (): Role => {
  if (command === "api" || command === "relay") return command;
  if (command === "worker" && topology === "transaction-history") return "history";
  if (command === "worker" && topology === "external-data") return "external";
  throw new RangeError(`no process of payments: ${process.argv.slice(2).join(" ")}`);
};

const starts = {
  api: startApi,
  relay: async (context: ShopContext, hooks: ProcessHooks) =>
    startOutboxRelay(context, paymentOutbox, await openPaymentOutbox(context, hooks)),
  history: async (context: ShopContext, hooks: ProcessHooks) =>
    startTopologyWorker(context, transactionHistory, await openTransactionHistory(context, hooks)),
  external: async (context: ShopContext, hooks: ProcessHooks) =>
    startTopologyWorker(context, externalData, await openExternalData(context, hooks)),
};

const role = roleOf();
if (lead !== undefined) leadConnections(lead);
const armed = at === undefined ? undefined : parseArmed(at);
const parts = trappedParts(role, trapFor(armed, springOn(note, signal === "SIGSTOP" ? signal : "SIGKILL")));
await runProcess(app, role, (context: ShopContext): Promise<Running> => starts[role](context, parts));
