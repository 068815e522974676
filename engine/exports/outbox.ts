/** `sluice-engine/outbox`: a table of what a transaction has to publish, and the relay that publishes its rows. */
export * from "../outbox/define-outbox.ts";
export * from "../outbox/outbox.ts";
export * from "../outbox/relay-options.ts";
export * from "../outbox/relay.ts";
