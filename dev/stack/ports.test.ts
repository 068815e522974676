// Which ports a stack takes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CliError } from "../../engine/app/cli.ts";
import { choosePorts, freePorts } from "./ports.ts";

const needs = [{ key: "broker", preferred: 19092 }, { key: "controller" }, { key: "redis", preferred: 6379 }];
const freeBut =
  (...taken: readonly number[]) =>
  async (port: number) =>
    !taken.includes(port);

test("choosePorts: takes the published port when it is free", async () => {
  const ports = await choosePorts(needs, { isFree: freeBut(), start: 0 });
  assert.deepEqual(ports, { broker: 19092, controller: freePorts.from, redis: 6379 });
});

test("choosePorts: takes another one when the published port is taken", async () => {
  const ports = await choosePorts(needs, { isFree: freeBut(6379, freePorts.from), start: 0 });
  assert.deepEqual(ports, { broker: 19092, controller: freePorts.from + 1, redis: freePorts.from + 2 });
});

test("choosePorts: begins its search at the given port, and goes round", async () => {
  const last = freePorts.to - 1;
  const ports = await choosePorts([{ key: "a" }, { key: "b" }], {
    isFree: freeBut(),
    start: (last - freePorts.from) / (freePorts.to - freePorts.from),
  });
  assert.deepEqual(ports, { a: last, b: freePorts.from });
});

test("choosePorts: gives no port twice, nor one that another service would have", async () => {
  const wanting = [{ key: "a" }, { key: "b" }, { key: "c", preferred: freePorts.from + 1 }];
  const ports = await choosePorts(wanting, { isFree: freeBut(), start: 0 });
  assert.deepEqual(ports, { a: freePorts.from, b: freePorts.from + 2, c: freePorts.from + 1 });
});

test("choosePorts: looks at each port once and gives up when none is free", async () => {
  let looked = 0;
  const isFree = async () => {
    looked += 1;
    return false;
  };
  const isNoPort = (error: unknown) => error instanceof CliError && error.code === "STACK_NO_PORT";
  await assert.rejects(choosePorts([{ key: "a" }], { isFree, start: 0.5 }), isNoPort);
  assert.equal(looked, freePorts.to - freePorts.from);
});
