/** What a person at a terminal may type at a question. */
import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { exitCodes } from "../cli.ts";
import { askOn } from "./confirm.ts";

const typing = (typed: string): Promise<string> => {
  const input = new PassThrough();
  const answer = askOn(input, new PassThrough())("Replay? ");
  input.write(typed);
  return answer;
};

test("askOn: answers what is typed", async () => assert.equal(await typing("yes\r"), "yes"));

test("askOn: is interrupted when Ctrl-C is typed", () =>
  assert.rejects(typing("y\u0003"), { code: "INTERRUPTED", exitCode: exitCodes.interrupted }));

test("askOn: answers nothing when Ctrl-D is typed", async () => assert.equal(await typing("\u0004"), ""));
