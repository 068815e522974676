// The OpenAPI document: complete, consistent in itself, and true of what the API answers.
import assert from "node:assert/strict";
import { test } from "node:test";
import { problemTypes } from "./problems/problems.ts";
import { testApi } from "../testing/testing-api.ts";

interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly security?: readonly unknown[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required: boolean;
    readonly schema: object;
  }[];
  readonly requestBody?: {
    readonly required: boolean;
    readonly content: Readonly<Record<string, { readonly schema: object }>>;
  };
  readonly responses: Readonly<
    Record<
      string,
      { readonly description: string; readonly headers?: object; readonly content?: Readonly<Record<string, unknown>> }
    >
  >;
}
interface Document {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, object>>;
    readonly securitySchemes: Readonly<Record<string, unknown>>;
  };
}

const documentOf = async (): Promise<Document> => (await testApi().app.inject("/openapi.json")).json<Document>();

/** Everything under a key of that name, anywhere. */
const everyValue = (key: string, within: unknown): readonly unknown[] => {
  if (typeof within !== "object" || within === null) return [];
  return Object.entries(within).flatMap(([name, value]) => (name === key ? [value] : everyValue(key, value)));
};

test("OpenAPI: describes every route", async () => {
  const { openapi, info, paths } = await documentOf();
  assert.equal(openapi, "3.1.0");
  assert.ok(info.title && info.version);
  const described = Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method} ${path}`),
  );
  assert.deepEqual(described, [
    "post /v1/coupons/{couponId}/reservations",
    "get /v1/reservations/{reservationId}",
    "get /v1/reservations/{reservationId}/events",
    "post /v1/payments",
    "get /v1/payments/{paymentId}",
    "post /v1/admin/coupons",
    "get /live",
    "get /ready",
  ]);
});

test("OpenAPI: has an id, a summary, described responses and described parameters for every operation", async () => {
  const { paths } = await documentOf();
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.values(methods).map((operation) => ({ path, operation })),
  );
  assert.equal(new Set(operations.map(({ operation }) => operation.operationId)).size, operations.length);
  for (const { path, operation } of operations) {
    assert.ok(operation.operationId && operation.summary, path);
    assert.equal(operation.security !== undefined, path.startsWith("/v1/"), path);
    const inPath = (operation.parameters ?? []).filter((parameter) => parameter.in === "path");
    assert.deepEqual(
      inPath.map(({ name }) => `{${name}}`),
      path.match(/\{[^}]+\}/g) ?? [],
    );
    assert.ok(inPath.every(({ required }) => required));
    for (const [status, response] of Object.entries(operation.responses)) {
      assert.match(status, /^[2-5][0-9]{2}$/);
      assert.ok(response.description.length > 0 && response.description !== "Default Response", `${path} ${status}`);
      const types = Object.keys(response.content ?? {});
      assert.deepEqual(
        types,
        [
          Number(status) >= 400
            ? "application/problem+json"
            : path.endsWith("/events")
              ? "text/event-stream"
              : "application/json",
        ],
        `${path} ${status}`,
      );
    }
  }
});

test("OpenAPI: resolves every reference, and leaves no schema unused", async () => {
  const document = await documentOf();
  const references = new Set(everyValue("$ref", document));
  const schemas = Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`);
  assert.deepEqual([...references].sort(), schemas.sort());
  const schemes = document.paths["/v1/admin/coupons"]?.["post"]?.security;
  assert.deepEqual(schemes, [{ bearer: [] }]);
  assert.deepEqual(document.components.securitySchemes, {
    bearer: { type: "http", scheme: "bearer", bearerFormat: "JWT" },
  });
});

test("OpenAPI: names every problem type somewhere", async () => {
  const { paths } = await documentOf();
  const text = JSON.stringify(paths);
  for (const name of Object.keys(problemTypes)) assert.ok(text.includes(`\`${name}\``), name);
});

test("OpenAPI: says how a reservation is asked for", async () => {
  const { paths } = await documentOf();
  const reserve = paths["/v1/coupons/{couponId}/reservations"]?.["post"] ?? assert.fail();
  assert.equal(reserve.requestBody?.required, false);
  assert.deepEqual(Object.keys(reserve.requestBody?.content ?? {}), ["application/json"]);
  assert.deepEqual(Object.keys(reserve.responses), [
    "202",
    "400",
    "401",
    "404",
    "405",
    "408",
    "413",
    "414",
    "415",
    "417",
    "422",
    "429",
    "431",
    "500",
    "503",
  ]);
  assert.ok("Location" in (reserve.responses["202"]?.headers ?? {}));
  assert.ok("Retry-After" in (reserve.responses["503"]?.headers ?? {}));
  assert.ok("WWW-Authenticate" in (reserve.responses["401"]?.headers ?? {}));
  assert.deepEqual(
    reserve.parameters?.map(({ name, in: place }) => `${place} ${name}`),
    ["path couponId", "header idempotency-key"],
  );
  const read = paths["/v1/reservations/{reservationId}"]?.["get"] ?? assert.fail();
  assert.deepEqual(read.parameters?.find(({ name }) => name === "waitMs")?.schema, {
    type: "integer",
    minimum: 0,
    maximum: 10_000,
    default: 0,
  });
});
