/** Whose error it is, where a function of the caller's runs within a question to the brokers. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Unavailable } from "../../../errors.ts";
import { withCallersErrors } from "./callers-errors.ts";

/** As the admin names every error. */
const asBrokers = async (work: () => Promise<void>): Promise<void> => {
  try {
    await work();
  } catch (cause) {
    throw new Unavailable("kafka", "reading", { cause });
  }
};

test("callers' errors: are thrown as they are when the caller's function throws", async () => {
  const own = new Error("the registry did not answer");
  const call = (): void => {
    throw own;
  };
  const read = withCallersErrors(call, (noting) => asBrokers(() => noting()));
  await assert.rejects(read, (error) => error === own);
});

test("callers' errors: leave the brokers' as they are when the caller's function throws nothing", async () => {
  const seen: number[] = [];
  const read = withCallersErrors(
    (n: number) => void seen.push(n),
    (noting) =>
      asBrokers(async () => {
        await noting(1);
        throw new Error("refused");
      }),
  );
  await assert.rejects(read, (error) => error instanceof Unavailable && error.who === "kafka");
  assert.deepEqual(seen, [1]);
});
