/**
 * `sluice api`, `relay` and `worker --topology <name>` for fault tests: the same process from the same composition root,
 * armed to die at a point and with its connections led where the test wants them. The variables are those of ../worker.ts.
 */
import { startApi } from "../../../ops/processes/api.ts";
import { startExternalWorker } from "../../../ops/processes/external-worker.ts";
import { startHistoryWorker } from "../../../ops/processes/history-worker.ts";
import { type ProcessContext, type Running, runProcess } from "../../../engine/app/process.ts";
import { startOutboxRelay } from "../../../ops/processes/relay.ts";
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
  relay: startOutboxRelay,
  history: startHistoryWorker,
  external: startExternalWorker,
};

const role = roleOf();
if (lead !== undefined) leadConnections(lead);
const armed = at === undefined ? undefined : parseArmed(at);
const parts = trappedParts(role, trapFor(armed, springOn(note, signal === "SIGSTOP" ? signal : "SIGKILL")));
await runProcess(role, (context: ProcessContext): Promise<Running> => starts[role](context, parts));
