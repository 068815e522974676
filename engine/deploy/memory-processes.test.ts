/** The list of processes in memory keeps to what every list does. */
import { memoryProcesses } from "./testing/memory-processes.ts";
import { processesContract } from "./testing/processes-contract.ts";

processesContract("memory processes", () => {
  const processes = memoryProcesses();
  // Time passes for all: whoever is to be heard of beats after it.
  return { processes, silence: async (_, ms) => processes.pass(ms) };
});
