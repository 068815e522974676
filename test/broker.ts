/** `node test/broker.ts kill|start`: the one broker of the tests' stack, for tests that may take it away. */
import { startService, stopService } from "../dev/stack/control.ts";

const name = process.env["SLUICE_TEST_STACK"] ?? "test";
const [verb] = process.argv.slice(2);
if (verb === "kill") await stopService(name, "kafka-1", { signal: "SIGKILL" });
else if (verb === "start") await startService(name, "kafka-1");
else throw new Error(`kill or start, got ${verb}`);
