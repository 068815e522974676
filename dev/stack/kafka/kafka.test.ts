// From a broker's environment to its server.properties.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ComposeService } from "./compose.ts";
import { type BrokerAddress, describeBroker, formatProperties, nativeProperties, propertiesOf } from "./kafka.ts";

const broker = (nodeId: number): ComposeService => ({
  name: `kafka-${nodeId}`,
  image: "confluentinc/cp-kafka:8.0.0",
  command: [],
  ports: [],
  environment: {
    CLUSTER_ID: "x",
    KAFKA_NODE_ID: String(nodeId),
    KAFKA_LISTENERS: "EXTERNAL://0.0.0.0:9092,CONTROLLER://0.0.0.0:29093",
    KAFKA_ADVERTISED_LISTENERS: "EXTERNAL://127.0.0.1:19092",
    KAFKA_CONTROLLER_QUORUM_VOTERS: "1@kafka-1:29093,2@kafka-2:29093,3@kafka-3:29093",
    KAFKA_CONTROLLER_LISTENER_NAMES: "CONTROLLER",
    KAFKA_DEFAULT_REPLICATION_FACTOR: "3",
    KAFKA_MIN_INSYNC_REPLICAS: "2",
    KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: "2",
    KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS: "5",
    KAFKA_HEAP_OPTS: "-Xmx512m",
  },
});
const address = (nodeId: number): BrokerAddress => ({
  name: `kafka-${nodeId}`,
  nodeId,
  ports: { EXTERNAL: 20_000 + nodeId, CONTROLLER: 21_000 + nodeId },
});

test("propertiesOf: turns _ into a dot, __ into an underscore and ___ into a hyphen", () => {
  const environment = { KAFKA_A_B: "1", KAFKA_A__B: "2", KAFKA_A___B: "3", KAFKA_A_B__C___D: "4" };
  assert.deepEqual(propertiesOf(environment), { "a.b": "1", a_b: "2", "a-b": "3", "a.b_c-d": "4" });
});

test("propertiesOf: leaves out what is for the JVM, the image or another program", () => {
  const environment = {
    CLUSTER_ID: "x",
    PATH: "/bin",
    KAFKA_HEAP_OPTS: "-Xmx1g",
    KAFKA_OPTS: "-Dx",
    KAFKA_JVM_PERFORMANCE_OPTS: "-server",
    KAFKA_LOG4J_ROOT_LOGLEVEL: "INFO",
    KAFKA_TOOLS_LOG4J_LOGLEVEL: "INFO",
    KAFKA_LOG_DIRS: "/data",
  };
  assert.deepEqual(propertiesOf(environment), { "log.dirs": "/data" });
});

test("nativeProperties: rewrites every address to 127.0.0.1 and the ports of the cluster", () => {
  const brokers = [address(1), address(2), address(3)];
  const properties = nativeProperties(broker(2), address(2), { brokers, dataDirectory: "/d" });
  assert.equal(properties["listeners"], "EXTERNAL://127.0.0.1:20002,CONTROLLER://127.0.0.1:21002");
  assert.equal(properties["advertised.listeners"], "EXTERNAL://127.0.0.1:20002");
  assert.equal(properties["controller.quorum.voters"], "1@127.0.0.1:21001,2@127.0.0.1:21002,3@127.0.0.1:21003");
  assert.equal(properties["log.dirs"], "/d");
  assert.equal(properties["node.id"], "2");
});

test("nativeProperties: keeps factors and other settings when all brokers run", () => {
  const brokers = [address(1), address(2), address(3)];
  const properties = nativeProperties(broker(1), address(1), { brokers, dataDirectory: "/d" });
  assert.equal(properties["default.replication.factor"], "3");
  assert.equal(properties["min.insync.replicas"], "2");
  assert.equal(properties["offsets.topic.num.partitions"], "5");
});

test("nativeProperties: sets factors and in-sync counts to 1 when one broker runs, and nothing else", () => {
  const properties = nativeProperties(broker(1), address(1), { brokers: [address(1)], dataDirectory: "/d" });
  assert.equal(properties["default.replication.factor"], "1");
  assert.equal(properties["min.insync.replicas"], "1");
  assert.equal(properties["transaction.state.log.min.isr"], "1");
  assert.equal(properties["offsets.topic.num.partitions"], "5");
  assert.equal(properties["controller.quorum.voters"], "1@127.0.0.1:21001");
});

test("nativeProperties: names the listener for which there is no port", () => {
  const own = { ...address(1), ports: { EXTERNAL: 20_001 } };
  assert.throws(
    () => nativeProperties(broker(1), own, { brokers: [own], dataDirectory: "/d" }),
    /kafka-1 has no port for listener CONTROLLER/,
  );
});

test("describeBroker: gives the node id and the names of the listeners", () => {
  assert.deepEqual(describeBroker(broker(3)), { nodeId: 3, listeners: ["EXTERNAL", "CONTROLLER"] });
});

test("formatProperties: writes one sorted line each and escapes backslashes and line ends", () => {
  assert.equal(formatProperties({ b: "2", a: "x\\y\nz" }), "a=x\\\\y\\nz\nb=2\n");
});
