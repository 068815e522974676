/** `sluice-engine/log`: the log as a port, Kafka behind it, and a producer that batches what is appended. */
export * from "../log/log.ts";
export * from "../log/producer.ts";
export { kafkaAdmin, type KafkaAdmin, type TopicSpec } from "../log/kafka/admin/admin.ts";
export type { Brokers, Sasl, SecuredBrokers } from "../log/kafka/brokers.ts";
export { kafkaLog } from "../log/kafka/kafka-log.ts";
export { kafkaDefaults, type KafkaOptions, type KafkaTuning } from "../log/kafka/options.ts";
export * from "../log/producer/accumulator.ts";
export { partitionOfKey } from "../log/producer/partitioner.ts";
