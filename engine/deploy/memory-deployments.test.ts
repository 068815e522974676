/** The fake of deployments keeps the contract. */
import { deploymentsContract } from "./testing/deployments-contract.ts";
import { memoryDeployments } from "./testing/memory-deployments.ts";

const deployments = memoryDeployments(["0001"]);
deploymentsContract("memory deployments", () => ({
  deployments,
  other: deployments,
  loseLock: async () => deployments.loseLock(),
}));
