/** The registry in memory keeps the contract of real ones. */
import { randomUUID } from "node:crypto";
import { memoryRegistry } from "./memory-registry.ts";
import { registryContract } from "./registry-contract.ts";

const admin = memoryRegistry();
registryContract("memory registry", () => ({
  admin,
  unique: () => ({ subject: `s-${randomUUID()}`, name: `test.v1.R${randomUUID().replaceAll("-", "")}` }),
}));
