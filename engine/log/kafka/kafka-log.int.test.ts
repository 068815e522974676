/** The log on Kafka passes the contract of every log. */
import { describeLogContract } from "../testing/log-contract.ts";
import { openTestCluster } from "./testing/int-test-cluster.ts";

describeLogContract("kafka", async () => {
  const cluster = await openTestCluster();
  return {
    connect: () => cluster.log(),
    createTopic: cluster.createTopic,
    endOffset: cluster.endOffset,
    committed: cluster.committed,
    tooLargeBytes: 2_000_000,
    close: cluster.close,
  };
});
