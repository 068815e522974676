/** Where the type of a problem leads. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { problemIn, problemName, testApi } from "../../testing/testing-api.ts";
import { problemType, problemTypes, type ProblemName } from "./problems.ts";

test("problems: have a type that leads, without a token, to what it means", async () => {
  const { app } = testApi();
  for (const [name, { title, status }] of Object.entries(problemTypes)) {
    const page = await app.inject(problemType(name as ProblemName));
    assert.equal(page.statusCode, 200, name);
    assert.match(String(page.headers["content-type"]), /^text\/plain/);
    assert.ok(page.body.includes(title) && page.body.includes(String(status)), page.body);
    assert.ok(page.body.endsWith(`docs/reference/http.md#${name}\n`), page.body);
  }
});

test("problems: are found where their type leads when a client follows the one that it was answered", async () => {
  const { app } = testApi();
  const { type } = problemIn(await app.inject("/v1/nothing"));
  assert.match((await app.inject(type)).body, /^not-found\n/);
});

test("problems: have no page when there is no such problem", async () => {
  const { app } = testApi();
  for (const name of ["none", "constructor", "__proto__", "token-expired%2f"])
    assert.equal(problemName(await app.inject(`/problems/${name}`)), "not-found", name);
});
