/** `sluice-engine/testing`: topologies in process, and a log in memory. For tests. */
export { MemoryBroker, type MemoryBrokerOptions } from "../log/memory/memory-log.ts";
export { memoryOutbox, type MemoryOutbox, type MemoryOutboxRow } from "../outbox/memory-outbox.ts";
export * from "../testing/driver.ts";
export { recordContext } from "../testing/record-context.ts";
