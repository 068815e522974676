/** Opens coupons: a rare thing an administrator does, so it reads well before it is fast. */
import { createHash } from "node:crypto";
import { type Transaction, UniqueConstraintError } from "sequelize";
import type { CouponRegister } from "../../../processors/coupons/coupon-ports.ts";
import { Poison } from "../../../engine/errors.ts";
import type { Coupon, CouponPolicy, PolicyId } from "../../../schemas/coupon.ts";
import { idMaxLength, isStorableId } from "../../../schemas/ids.ts";
import type { Database } from "../database.ts";
import { type CouponRow, defineModels, type Models } from "./coupon-models.ts";
import { inModelTransaction } from "../columns/model-transaction.ts";

/** The {@link CouponRegister} of a database. `open` is idempotent, and safe when two open one coupon at once. */
export const couponRegister = (database: Database): CouponRegister => {
  const models = defineModels(database.sequelize);
  const look = (coupon: Coupon) => inModelTransaction(database, (inside) => compare(models, coupon, inside));
  return {
    open: async (coupon) => {
      checkCoupon(coupon);
      for (let attempt = 1; ; attempt++) {
        const found = await look(coupon);
        if (found !== "none") return found;
        try {
          await inModelTransaction(database, (inside) => insert(models, coupon, inside));
          return "opened";
        } catch (error) {
          // Another session was quicker with this coupon or with the same terms; ours is rolled back. Look again.
          if (!(error instanceof UniqueConstraintError) || attempt === insertAttempts) throw error;
        }
      }
    },
  };
};

/** One conflict over the terms and one over the coupon are all there can be: neither is ever deleted. */
const insertAttempts = 3;

type Inside = { readonly transaction: Transaction };

/** How a coupon is stored: its terms are its own columns and the content of its policy. */
const compare = async ({ coupons, policySnapshots }: Models, coupon: Coupon, inside: Inside) => {
  const row = await coupons.findOne({ where: { couponId: Buffer.from(coupon.couponId) }, ...inside });
  if (row === null) return "none";
  const terms = await policySnapshots.findByPk(row.snapshotNo, inside);
  const same = sameColumns(row, coupon) && terms?.contentHash.equals(contentHashOf(coupon));
  return same === true ? "same" : "differs";
};

const sameColumns = (row: CouponRow, coupon: Coupon): boolean =>
  row.stock === coupon.stock &&
  row.opensAt === coupon.opensAt &&
  row.closesAt === coupon.closesAt &&
  row.validForDays === coupon.validForDays;

/** Terms with the same content are one row, whichever coupons use them. */
const insert = async ({ coupons, policySnapshots }: Models, coupon: Coupon, inside: Inside): Promise<void> => {
  const { couponId, stock, opensAt, closesAt, validForDays } = coupon;
  const contentHash = contentHashOf(coupon);
  const known = await policySnapshots.findOne({ where: { contentHash }, ...inside });
  const snapshot = known ?? (await policySnapshots.create({ ...policyColumns(coupon), contentHash }, inside));
  await coupons.create(
    {
      couponId: Buffer.from(couponId),
      snapshotNo: snapshot.snapshotNo,
      stock,
      remaining: stock,
      opensAt,
      closesAt,
      validForDays,
    },
    inside,
  );
};

const policyColumns = ({ policyId, policy }: Coupon) => ({
  policyId: Buffer.from(policyId),
  name: policy.name,
  ...discountColumns(policy),
  minOrderAmount: policy.minOrderAmount,
});

const discountColumns = ({ discount }: CouponPolicy) => {
  switch (discount.kind) {
    case "fixed":
      return { discountKind: 1, discountAmount: discount.amount, discountPercent: null };
    case "percent":
      return { discountKind: 2, discountAmount: discount.maxAmount, discountPercent: discount.percent };
  }
};

/** Of the columns in a fixed order, so that equal terms always hash alike. */
const contentHashOf = ({
  policyId,
  policy,
}: {
  readonly policyId: PolicyId;
  readonly policy: CouponPolicy;
}): Buffer => {
  const { discountKind, discountAmount, discountPercent } = discountColumns(policy);
  const content = [policyId, policy.name, discountKind, discountAmount, discountPercent, policy.minOrderAmount];
  return createHash("sha256").update(JSON.stringify(content)).digest();
};

/** The API has validated the rest; ids must fit their columns for every caller. */
const checkCoupon = ({ couponId, policyId, policy }: Coupon): void => {
  if (isStorableId(couponId) && isStorableId(policyId) && policy.name.isWellFormed()) return;
  throw new Poison("BAD_ID", `coupon ${couponId.slice(0, 80)}: ids are 1 to ${idMaxLength} well-formed characters`);
};
