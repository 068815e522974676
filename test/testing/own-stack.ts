/** A stack of one test file's own, where what other files left would count: started anew, and taken down after it. */
import { stackDown } from "../../dev/stack/down.ts";
import { stackUp } from "../../dev/stack/up.ts";
import type { StackAddresses } from "./stack-under-test.ts";

/** A stack that ends. */
export interface OwnStack extends StackAddresses {
  readonly down: () => Promise<void>;
}

/** Starts a stack with one broker and nothing on it. @throws CliError with what does not come up */
export const ownStack = async (stackName: string): Promise<OwnStack> => {
  await stackDown({ name: stackName });
  const endpoints = await stackUp({ name: stackName, brokers: 1 });
  const down = async (): Promise<void> => {
    await stackDown({ name: stackName });
  };
  return { stackName, endpoints, down };
};
