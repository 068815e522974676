// Whatever is sent, the answer is a lawful one: accepted only if it should be, a problem that names the field otherwise.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import fc from "fast-check";
import type { InjectOptions } from "fastify";
import { namePattern, userIdPattern } from "../../schemas/ids.ts";
import { fieldsIn, problemIn, testApi } from "../testing/testing-api.ts";
import { assertHolds, encoded, lawful, nasty, value } from "../testing/testing-values.ts";

const api = testApi();
after(() => api.app.close());
const name = new RegExp(namePattern);
test("fuzz: a reservation is written exactly when everything is lawful, and the wrong field is named otherwise", async () => {
  const body = fc.oneof(
    fc.record({ policyId: value }, { requiredKeys: [] }),
    fc.dictionary(
      fc.oneof(fc.constantFrom("policyId", "userId", "couponId", "__proto__"), fc.string({ maxLength: 10 })),
      value,
      { maxKeys: 3 },
    ),
    value,
  );
  await assertHolds(
    fc.asyncProperty(
      fc.oneof(lawful, nasty),
      body,
      fc.oneof(lawful, fc.string({ unit: "grapheme-ascii", maxLength: 300 })),
      async (couponId, sent, key) => {
        const before = api.producer.produced.length;
        const payload = JSON.stringify(sent);
        const response = await api.app.inject({
          method: "POST",
          url: `/v1/coupons/${encoded(couponId)}/reservations`,
          headers: { ...api.bearer("alice"), "content-type": "application/json", "idempotency-key": key },
          payload,
        });
        const written = api.producer.produced.slice(before);
        const reparsed: unknown = JSON.parse(payload);
        const keys =
          typeof reparsed === "object" && reparsed !== null && !Array.isArray(reparsed)
            ? Object.entries(reparsed)
            : undefined;
        const bodyLawful =
          keys?.every(([field, it]) => field === "policyId" && typeof it === "string" && name.test(it)) ?? false;
        // Node trims a field's value.
        const keyLawful = /^[\x21-\x7e]{1,255}$/.test(key);
        if (name.test(couponId) && bodyLawful && keyLawful) {
          assert.ok([202, 422].includes(response.statusCode), `${response.statusCode} ${response.body}`);
          assert.equal(written.length, response.statusCode === 202 ? 1 : 0);
          if (written.length === 1) assert.equal(written[0]?.value.couponId, couponId);
          return;
        }
        assert.equal(written.length, 0);
        assert.ok(response.statusCode >= 400 && response.statusCode < 500, `${response.statusCode} ${response.body}`);
        const problem = problemIn(response);
        // Without a name the path is another one; so it is with dots, which URLs resolve.
        if (!["", ".", ".."].includes(couponId)) assert.ok((problem.errors ?? []).length > 0, response.body);
      },
    ),
  );
});

test("fuzz: a coupon is opened exactly when every term is lawful, and the wrong field is named otherwise", async () => {
  const good = {
    couponId: "c",
    policyId: "p",
    stock: 1,
    validForDays: 1,
    opensAt: "2027-01-01T00:00:00Z",
    policy: { name: "n", discount: { kind: "fixed", amount: 1 }, minOrderAmount: 0 },
  };
  const discount = fc.record(
    { kind: fc.oneof(fc.constantFrom("fixed", "percent"), value), amount: value, percent: value, maxAmount: value },
    { requiredKeys: [] },
  );
  const change = fc.oneof(
    fc.tuple(fc.constantFrom(...Object.keys(good), "other"), value),
    fc.tuple(
      fc.constant("policy"),
      fc.record({ name: value, discount: fc.oneof(discount, value), minOrderAmount: value }, { requiredKeys: [] }),
    ),
  );
  let count = 0;
  await assertHolds(
    fc.asyncProperty(change, async ([field, it]) => {
      const opened = api.stores.coupons.size;
      count += 1;
      const payload = JSON.stringify({ ...good, couponId: `c-${count}`, [field]: it });
      const response = await api.app.inject({
        method: "POST",
        url: "/v1/admin/coupons",
        headers: { ...api.bearer("root", "admin"), "content-type": "application/json" },
        payload,
      });
      if ([200, 201, 409].includes(response.statusCode)) return;
      assert.equal(api.stores.coupons.size, opened);
      assert.ok(
        response.statusCode >= 400 && response.statusCode < 500,
        `${response.statusCode} ${response.body} ${payload}`,
      );
      const named = fieldsIn(response);
      assert.ok(named.length > 0);
      // Only what was changed is complained about.
      assert.ok(
        named.every((wrong) => wrong.startsWith(`/${field}`) || wrong === "body"),
        `${named.join()} for ${field}`,
      );
    }),
  );
});

test("fuzz: a request is refused without a token that was minted for its user", async () => {
  const good = api.bearer("alice").authorization;
  const token = fc.oneof(
    fc.string({ unit: "grapheme-ascii", maxLength: 200 }),
    fc.stringMatching(/^Bearer [A-Za-z0-9_-]{0,40}\.[A-Za-z0-9_-]{0,40}\.[A-Za-z0-9_-]{0,60}$/),
    // One character of a good one changed: the last has bits that do not count.
    fc
      .tuple(fc.integer({ min: 7, max: good.length - 2 }), fc.constantFrom("A", "b", "_", ".", "~"))
      .map(([at, by]) => `${good.slice(0, at)}${by}${good.slice(at + 1)}`),
  );
  await assertHolds(
    fc.asyncProperty(token, async (authorization) => {
      fc.pre(authorization !== good);
      const before = api.producer.produced.length;
      const response = await api.app.inject({
        method: "POST",
        url: "/v1/coupons/c/reservations",
        headers: { authorization },
      });
      assert.equal(response.statusCode, 401, response.body);
      assert.deepEqual(fieldsIn(response), ["Authorization"]);
      assert.equal(api.producer.produced.length, before);
    }),
  );
});

test("fuzz: a read of anything is a problem or an answer", async () => {
  await assertHolds(
    fc.asyncProperty(
      fc.oneof(nasty, fc.uuid({ version: 7 }), fc.uuid(), fc.string({ maxLength: 60 })),
      fc.oneof(fc.constant("0"), nasty, fc.string({ maxLength: 12 })),
      async (id, waitMs) => {
        const response = await api.app.inject({
          method: "GET",
          url: `/v1/reservations/${encoded(id)}?waitMs=${encoded(waitMs)}`,
          headers: api.bearer("alice"),
        });
        assert.ok([400, 404].includes(response.statusCode), `${response.statusCode} ${response.body}`);
        if (response.statusCode === 400)
          assert.ok(fieldsIn(response).every((field) => field === "reservationId" || field === "waitMs"));
      },
    ),
  );
});

test("fuzz: any value of any header field is answered", async () => {
  const names = [
    "accept",
    "host",
    "origin",
    "range",
    "if-none-match",
    "x-http-method-override",
    "x-forwarded-for",
    "cookie",
    "transfer-encoding",
    "expect",
  ];
  await assertHolds(
    fc.asyncProperty(
      fc.constantFrom(...names),
      fc.string({ unit: "grapheme-ascii", maxLength: 100 }),
      async (field, text) => {
        const headers: InjectOptions["headers"] = { ...api.bearer("alice"), [field]: text };
        const response = await api.app.inject({ method: "POST", url: "/v1/coupons/c/reservations", headers });
        assert.ok(
          [202, 415].includes(response.statusCode),
          `${field}: ${text} ${response.statusCode} ${response.body}`,
        );
      },
    ),
  );
});

test("fuzz: user ids of tokens are of their alphabet", () => {
  for (const { value: record } of api.producer.produced) assert.match(record.userId, new RegExp(userIdPattern));
});
