/** Sequelize models of the tables an administrator writes. The hot tables have none: their SQL is in round-statements.ts. */
import {
  type CreationOptional,
  DataTypes,
  type InferAttributes,
  type InferCreationAttributes,
  type Model,
  type ModelStatic,
  type Sequelize,
} from "sequelize";

/** One set of terms; never updated. Found by its content. */
export interface PolicySnapshotRow
  extends Model<InferAttributes<PolicySnapshotRow>, InferCreationAttributes<PolicySnapshotRow>> {
  readonly snapshotNo: CreationOptional<number>;
  readonly policyId: Buffer;
  readonly name: string;
  /** 1 fixed, 2 percent. */
  readonly discountKind: number;
  readonly discountAmount: number;
  readonly discountPercent: number | null;
  readonly minOrderAmount: number;
  readonly contentHash: Buffer;
}

/** One coupon. Only `remaining` ever moves, and not through this model. */
export interface CouponRow extends Model<InferAttributes<CouponRow>, InferCreationAttributes<CouponRow>> {
  readonly couponNo: CreationOptional<number>;
  readonly couponId: Buffer;
  readonly snapshotNo: number;
  readonly stock: number;
  readonly remaining: number;
  readonly opensAt: number | null;
  readonly closesAt: number | null;
  readonly validForDays: number;
}

/** The models of one pool. */
export interface Models {
  readonly policySnapshots: ModelStatic<PolicySnapshotRow>;
  readonly coupons: ModelStatic<CouponRow>;
}

// Never synced: the types say how values travel, the migrations what the columns are. BLOB stands for VARBINARY and
// BINARY: a Buffer is bound as it is, and where Sequelize writes a condition into its SQL it becomes an X'..' literal.
// Functions, because Sequelize writes each column's name into the object it is given.
const bytes = () => ({ type: DataTypes.BLOB, allowNull: false }) as const;
const whole = () => ({ type: DataTypes.BIGINT, allowNull: false }) as const;
const optional = () => ({ type: DataTypes.BIGINT, allowNull: true }) as const;
const numbered = () => ({ type: DataTypes.INTEGER, autoIncrement: true, primaryKey: true }) as const;
const options = { timestamps: false, underscored: true } as const;

/** Binds the models to a pool. */
export const defineModels = (sequelize: Sequelize): Models => ({
  policySnapshots: sequelize.define<PolicySnapshotRow>(
    "policySnapshot",
    {
      snapshotNo: numbered(),
      policyId: bytes(),
      name: { type: DataTypes.STRING(255), allowNull: false },
      discountKind: whole(),
      discountAmount: whole(),
      discountPercent: optional(),
      minOrderAmount: whole(),
      contentHash: bytes(),
    },
    { ...options, tableName: "policy_snapshot" },
  ),
  coupons: sequelize.define<CouponRow>(
    "coupon",
    {
      couponNo: numbered(),
      couponId: bytes(),
      snapshotNo: whole(),
      stock: whole(),
      remaining: whole(),
      opensAt: optional(),
      closesAt: optional(),
      validForDays: whole(),
    },
    { ...options, tableName: "coupon" },
  ),
});
