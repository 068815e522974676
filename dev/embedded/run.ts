/** The main job in one process, with nothing installed but what npm brings. */
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import pino from "pino";
import { lagOf } from "../../engine/log/lag.ts";
import { couponIssueRequests } from "../../schemas/coupon.ts";
import { paymentsCompleted } from "../../schemas/payment.ts";
import { couponIssuing } from "../../topology/coupon-issuing.ts";
import { externalData } from "../../topology/external-data.ts";
import { transactionHistory } from "../../topology/transaction-history.ts";
import { type Config, readConfig } from "../../ops/config.ts";
import { memoryOrderRegister } from "../../processors/memory/memory-payments.ts";
import { type DemoReport, type DemoSystem, type MainJobSize, runMainJob, step } from "../demo/main-job.ts";
import { openPlan } from "../demo/payments/plan-payments.ts";
import { untilNothingIsOpen } from "../demo/until-nothing-is-open.ts";
import { ownersOnly, repositoryRoot } from "../stack/layout.ts";
import { choosePorts, reservePorts } from "../stack/ports.ts";
import { startEmbeddedConsole } from "./console.ts";
import { readCouponFacts, readPaymentFacts } from "./facts.ts";
import { type EmbeddedSystem, embeddedSystem } from "./system.ts";

/** How large the main job is. */
export interface EmbeddedOptions extends MainJobSize {
  readonly workers: number;
  /** Is told where the console is, before anything else happens; without it there is none. */
  readonly tellConsole: ((address: string) => void) | undefined;
}

/** A main job that has run; the system is still up. */
export interface EmbeddedDemo {
  readonly report: DemoReport;
  readonly system: EmbeddedSystem;
  /** Of all its parts. */
  readonly logFile: string;
  /** Ends the system and its console. */
  readonly stop: () => Promise<void>;
}

/** The log of the latest run. */
export const logFile = join(repositoryRoot, ".sluice", "embedded.log");

/** Runs the main job. Whatever it started has ended when it throws. */
export const runEmbedded = async (options: EmbeddedOptions): Promise<EmbeddedDemo> => {
  const startedAtMs = performance.now();
  await mkdir(dirname(logFile), ownersOnly);
  const destination = pino.destination({ dest: logFile, append: false, sync: false, mode: 0o600 });
  const config = await configOf();
  const logger = pino({ name: "embedded", level: config.logLevel }, destination);
  const system = embeddedSystem(config, logger);
  const { tellConsole: tell } = options;
  const console = tell && (await startEmbeddedConsole(system, { logger, port: 0, tell }));
  const stop = async (): Promise<void> => {
    await console?.stop();
    await system.stop();
  };
  try {
    const report = await runMainJob(demoSystem(system, options), options, startedAtMs);
    return { report, system, logFile, stop };
  } catch (error) {
    await stop();
    throw options.signal.aborted ? options.signal.reason : error;
  }
};

/** Settings as in development. The addresses are asked by nobody: everything they would lead to is in memory. */
const configOf = async (): Promise<Config> => {
  const reservations = reservePorts(new Set());
  try {
    const ports = await choosePorts([{ key: "api", preferred: 8080 }], {
      isFree: reservations.isFree,
      start: Math.random(),
    });
    const nowhere = "127.0.0.1:1";
    const addresses = {
      SLUICE_BROKERS: nowhere,
      SLUICE_REGISTRY_URL: `http://${nowhere}`,
      SLUICE_DATABASE_URL: `mysql://none:none@${nowhere}/none`,
      SLUICE_REDIS_URL: `redis://${nowhere}`,
    };
    return readConfig({ ...addresses, SLUICE_API_PORT: String(ports["api"]) }, () => "");
  } finally {
    reservations.release();
  }
};

const demoSystem = (system: EmbeddedSystem, { workers, signal }: EmbeddedOptions): DemoSystem => {
  const { cluster, stores, config } = system;
  const behind = async (topology: string, topic: string): Promise<string | undefined> => {
    const records = await lagOf(cluster.look, `${config.groupPrefix}.${topology}`, topic);
    return records > 0n ? `${topology} is ${records} records behind` : undefined;
  };
  const unpublished = (): string | undefined => {
    const rows = [...stores.payments.outbox.values()].filter(({ publishedAt }) => publishedAt === null).length;
    return rows > 0 ? `${rows} rows of the outbox are not published` : undefined;
  };
  return {
    kind: "embedded",
    tokenSecret: config.tokenSecret,
    startCoupons: () => {
      step(`API and ${workers} worker(s), in this process`);
      return system.startCoupons(workers);
    },
    readCoupons: async (prefix) => {
      // A verdict is told as soon as its row is there, and its event follows.
      await untilNothingIsOpen(() => behind(couponIssuing.graph.name, couponIssueRequests.name), signal);
      return readCouponFacts(system, prefix);
    },
    startPayments: async () => {
      step("platform, two relays, and a worker each for history and platform");
      return (await system.startPayments()).controlUrl;
    },
    payments: {
      openShop: (plan) => openPlan(memoryOrderRegister(stores.payments), plan),
      untilRest: (stopped) =>
        untilNothingIsOpen(async () => {
          const groups = [transactionHistory, externalData].map(({ graph }) =>
            behind(graph.name, paymentsCompleted.name),
          );
          return unpublished() ?? (await Promise.all(groups)).find((one) => one !== undefined);
        }, stopped),
      readPayments: (scope) => readPaymentFacts(system, scope),
    },
  };
};
