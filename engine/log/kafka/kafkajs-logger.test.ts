/** Levels of kafkajs's lines, and what is left out of them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { LogEntry } from "kafkajs";
import type { Logger } from "../../logger.ts";
import { levelOf, logCreatorFor } from "./kafkajs-logger.ts";

const entryOf = (label: string, message: string, extra: Readonly<Record<string, unknown>> = {}): LogEntry => ({
  namespace: "Consumer",
  level: 1,
  label,
  log: { timestamp: "now", message, ...extra },
});

test("kafkajs's log: is quiet about coordinators that start or move, and about routine", () => {
  const loading = "The coordinator is loading and hence can't process requests for this group";
  assert.equal(levelOf(entryOf("ERROR", "Response JoinGroup(key: 11, version: 5)", { error: loading })), "debug");
  assert.equal(levelOf(entryOf("ERROR", "The group is rebalancing, so a rejoin is needed")), "debug");
  assert.equal(levelOf(entryOf("INFO", "Pausing fetching from 1 topics")), "debug");
  assert.equal(levelOf(entryOf("DEBUG", "Request Fetch")), "debug");
});

test("kafkajs's log: warns of its errors, which it retries, and keeps its information", () => {
  assert.equal(levelOf(entryOf("ERROR", "Connection error: connect ECONNREFUSED")), "warn");
  assert.equal(levelOf(entryOf("WARN", "Response without match")), "warn");
  assert.equal(levelOf(entryOf("INFO", "Consumer has joined the group")), "info");
});

test("kafkajs's log: passes fields on, without stacks and payloads", () => {
  const lines: unknown[] = [];
  const line = (fields: unknown, text: string): unknown => lines.push([fields, text]);
  const logger = { debug: line, info: line, warn: line, error: line } as unknown as Logger;
  const extra = { groupId: "g", stack: "at", payload: Buffer.from("secret"), data: "secret" };
  logCreatorFor(logger)(4)(entryOf("INFO", "Consumer has joined the group", extra));
  assert.deepEqual(lines, [
    [{ event: "kafka.client", kafkajs: "Consumer", groupId: "g" }, "Consumer has joined the group"],
  ]);
});
