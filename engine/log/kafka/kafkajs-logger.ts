/** kafkajs's log lines on our logger, with the noise of what it retries by itself turned down. */
import type { LogEntry, logCreator } from "kafkajs";
import type { Logger } from "../../logger.ts";

/** Said of every pause and resume, and of producers, consumers and connections as we make and end them on purpose. */
const routine =
  /^(Pausing fetching|Resuming fetching|Starting$|Stopped$|Limiting retries for the idempotent producer|consumer not running)|this kafkajs instance was closed/;
/** A coordinator that is starting or moving, and a group that is joining: retried until it is there. */
const passing =
  /coordinator is (loading|not available)|not the correct coordinator|group is rebalancing|not aware of this member|generation id/i;

/** The level a line deserves. kafkajs retries all of its errors; what it gives up on is reported where it ends. */
export const levelOf = ({ label, log }: Pick<LogEntry, "label" | "log">): keyof Logger => {
  const error: unknown = log["error"];
  const text = `${log.message} ${typeof error === "string" ? error : ""}`;
  if (label === "DEBUG" || routine.test(text) || passing.test(text)) return "debug";
  return label === "INFO" ? "info" : "warn";
};

/** For `new Kafka({ logCreator })`. Never passes on stacks or what a request carried. */
export const logCreatorFor =
  (logger: Logger): logCreator =>
  () =>
  ({ namespace, label, log }) => {
    const { timestamp: _, logger: __, message, stack: ___, payload: ____, data: _____, ...fields } = log;
    logger[levelOf({ label, log })]({ ...fields, event: "kafka.client", kafkajs: namespace }, message);
  };
