/** `sluice-engine/app`: an application as one value, its settings, and what its own commands are written with. */
export { applyApp, type Applied } from "../app/apply.ts";
export {
  CliError,
  exitCodes,
  type ExitCode,
  formatTable,
  integerOption,
  interruptible,
  jsonDocument,
  note,
  print,
  printJson,
} from "../app/cli.ts";
export { type EngineConfig, engineSettings } from "../app/config/engine-config.ts";
export { address, hostPorts, integer, path, url, urlWithoutUser } from "../app/config/kinds.ts";
export { AddressMistake, type AddressRule, readAddress } from "../connect/address.ts";
export { redacted } from "../app/config/redact.ts";
export {
  defineSettings,
  engineOnly,
  type Environment,
  InvalidConfig,
  type OwnSettings,
  type Settings,
} from "../app/config/settings.ts";
export {
  type App,
  type AppDeclaration,
  type Checks,
  defineApp,
  type Explained,
  type Explains,
  type Hosted,
  type HostedOutbox,
  type Opened,
  type OpenedOutbox,
  type ProcessContext,
  relays,
  type Running,
  runs,
  topologyNamed,
} from "../app/define-app.ts";
export type { ConsoleAdditions, ConsolePage, ViewerOf } from "../app/console/define-console.ts";
export type { Role, Viewer } from "../console/documents.ts";
export type { LoggingIn } from "../console/serve/sessions.ts";
export type { Figure } from "../console/live/describe.ts";
export { byLabel, type Sample, sumOf } from "../console/live/samples.ts";
export type { ListedProcess, OpenProcesses, ProcessEntry, Processes } from "../deploy/processes.ts";
export type { DoctorCheck, Finding } from "../app/doctor/checkup.ts";
export { createRepairs, type Repair, type Repairs } from "../repairs.ts";
export { openProducer, type OpenedProducer, type ProducerNeeds } from "../app/process/open-producer.ts";
export type { SchemaKeeping } from "../app/evolving/subjects.ts";
export { loadConfig, runProcess } from "../app/process/process.ts";
export { runCommandLine } from "../app/program.ts";
export type { Check, Follower, Verification, Verified, VerifyOption } from "../app/verify/verification.ts";
export type { JobDocument, JobState, NewJob, ReplayJob, ReplayLimits } from "../dlq/jobs/job.ts";
export { type OpenReplays, type ReplayLock, ReplayLockLost, type Replays } from "../dlq/jobs/replays.ts";
export type { ReplayAdvice, ReplayAdvisor } from "../dlq/plan/advice.ts";
export type { TransformedLetter, TransformFunction } from "../app/dlq/replay/transform.ts";
