/** The book, its lookups, the register and the keys against the real database. */
import { after, before } from "node:test";
import { couponBookContract } from "../contract/coupon-book.ts";
import { couponRegisterContract } from "../contract/coupon-register.ts";
import { databaseUrl } from "../contract/endpoints.ts";
import { idempotencyKeysContract } from "../contract/idempotency-keys.ts";
import { couponBook } from "./coupon-book.ts";
import { couponCatalog } from "./coupon-catalog.ts";
import { couponRegister } from "./coupon-register.ts";
import { openDatabase } from "./database.ts";
import { idempotencyKeys } from "./idempotency-keys.ts";
import { migrate } from "./migrate.ts";
import { verdictLookup } from "./verdict-lookup.ts";

const url = databaseUrl();
const database = openDatabase({ databaseUrl: url });
before(async () => {
  await migrate({ databaseUrl: url });
});
after(() => database.close());

const register = couponRegister(database);
const catalog = couponCatalog(database);
const lookup = verdictLookup(database);

// A new book for each test begins each on the path that writes before it looks.
couponBookContract("mysql book", () => ({ book: couponBook(database), register, catalog, lookup }));
const wary = couponBook(database);
couponBookContract("mysql book, wary of the tests before", () => ({ book: wary, register, catalog, lookup }));
couponRegisterContract("mysql register", () => ({ register, catalog }));
idempotencyKeysContract("mysql keys", () => idempotencyKeys(database));
