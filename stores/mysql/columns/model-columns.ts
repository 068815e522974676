/**
 * Columns of Sequelize models. Never synced: the types say how values travel, the migrations what the columns are. BLOB is
 * used for VARBINARY and BINARY: a Buffer is bound as it is, and where Sequelize writes a condition into its SQL it becomes an
 * X'..' literal. Functions, because Sequelize writes each column's name into the object it is given.
 */
import { DataTypes, type InferAttributes, type InferCreationAttributes, type Model } from "sequelize";

/** A row of a model; `Self` is the interface that extends it. */
export type Row<Self extends Model> = Model<InferAttributes<Self>, InferCreationAttributes<Self>>;

/** Bytes: an id, a hash. */
export const bytesColumn = () => ({ type: DataTypes.BLOB, allowNull: false }) as const;
/** Bytes that are the primary key, or part of it. */
export const keyColumn = () => ({ ...bytesColumn(), primaryKey: true }) as const;
/** An integer. */
export const bigintColumn = () => ({ type: DataTypes.BIGINT, allowNull: false }) as const;
/** An integer, or NULL. */
export const optionalBigintColumn = () => ({ type: DataTypes.BIGINT, allowNull: true }) as const;
/** A primary key that the database gives. */
export const numberedColumn = () => ({ type: DataTypes.INTEGER, autoIncrement: true, primaryKey: true }) as const;

/** Options of a model of this table: column names are the snake case of field names. */
export const tableOptions = (tableName: string) => ({ timestamps: false, underscored: true, tableName }) as const;
