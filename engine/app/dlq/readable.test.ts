/** What is said of letters when the registry tells nothing: that it is away, or that it refuses us. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { aLetter } from "../../dlq/testing/samples.ts";
import { RegistryRefused, RegistryUnavailable } from "../../registry/http.ts";
import { readableLetters, readableUnknown } from "./readable.ts";
import { notKnown } from "./replay/look-into.ts";

const record = { offset: 0n, timestampMs: 0, key: null, value: Buffer.from([1]), headers: {} };

for (const [error, code, words] of [
  [new RegistryUnavailable("schema 7", {}), "REGISTRY_UNAVAILABLE", /^the registry does not answer: /],
  [new RegistryRefused("schema 7", {}), "REGISTRY_REFUSED", /^the registry refuses us: /],
] as const)
  test(`readableLetters: knows nothing, and says why, when a registry fails with ${code}`, async () => {
    const reading = readableLetters({ decoder: { read: () => Promise.reject(error) } });
    const letter = aLetter(1);
    await reading.examine(letter, record);
    assert.equal(reading.isReadable(letter), undefined);
    const failure = reading.registryFailure();
    assert.equal(failure, error);
    assert.match(readableUnknown(error), words);
    const told = notKnown(error);
    assert.match(told.message, words);
    assert.equal(told.code, code);
  });
