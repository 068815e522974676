// Whatever is sent, a payment is asked for only when everything is lawful, and only as the token's user.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import fc from "fast-check";
import { uuidPattern } from "../../schemas/ids.ts";
import { fieldsIn, problemName, testApi } from "../testing/testing-api.ts";
import { assertHolds, encoded, nasty, value } from "../testing/testing-values.ts";

const api = testApi();
after(() => api.app.close());
const uuid = new RegExp(uuidPattern);
const anId = fc.oneof(
  fc.uuid(),
  fc.uuid().map((id) => id.toUpperCase()),
  value,
);

test("fuzz: a payment is asked for exactly when everything is lawful, and the wrong field is named otherwise", async () => {
  const fields = fc.oneof(fc.constantFrom("orderId", "userId", "amount", "__proto__"), fc.string({ maxLength: 10 }));
  const body = fc.oneof(
    fc.record({ orderId: anId }, { requiredKeys: [] }),
    fc.dictionary(fields, anId, { maxKeys: 3 }),
    value,
  );
  const key = fc.oneof(
    fc.stringMatching(/^[\x21-\x7e]{1,255}$/),
    fc.string({ unit: "grapheme-ascii", maxLength: 300 }),
  );
  await assertHolds(
    fc.asyncProperty(body, key, async (sent, idempotencyKey) => {
      const before = api.stores.payCalls.length;
      const payload = JSON.stringify(sent);
      const response = await api.app.inject({
        method: "POST",
        url: "/v1/payments",
        headers: { ...api.bearer("alice"), "content-type": "application/json", "idempotency-key": idempotencyKey },
        payload,
      });
      const asked = api.stores.payCalls.slice(before).flat();
      const reparsed: unknown = JSON.parse(payload);
      const isObject = typeof reparsed === "object" && reparsed !== null && !Array.isArray(reparsed);
      const entries = isObject ? Object.entries(reparsed) : [];
      const [name, orderId] = entries[0] ?? [];
      const bodyLawful =
        entries.length === 1 && name === "orderId" && typeof orderId === "string" && uuid.test(orderId);
      if (bodyLawful && /^[\x21-\x7e]{1,255}$/.test(idempotencyKey)) {
        assert.ok(["order-not-found", "idempotency-key-reused"].includes(problemName(response)), response.body);
        assert.deepEqual(
          asked.map((ask) => [ask.orderId, ask.userId, ask.key]),
          [[orderId, "alice", idempotencyKey]],
        );
        return;
      }
      assert.deepEqual(asked, []);
      assert.equal(response.statusCode, 400, response.body);
      assert.ok(fieldsIn(response).length > 0, response.body);
    }),
  );
});

test("fuzz: a look at any payment is a problem", async () => {
  await assertHolds(
    fc.asyncProperty(fc.oneof(nasty, fc.uuid({ version: 7 }), fc.uuid(), fc.string({ maxLength: 60 })), async (id) => {
      const url = `/v1/payments/${encoded(id)}`;
      const response = await api.app.inject({ method: "GET", url, headers: api.bearer("alice") });
      // 405: URLs resolve dots, and without an id the path is that of paying.
      assert.ok([400, 404, 405].includes(response.statusCode), `${response.statusCode} ${response.body}`);
      problemName(response);
    }),
  );
});
