/** docs/reference/tables.md, made from the migrations. Pure. */
import { migrations } from "../../stores/mysql/migrate.ts";
import { code, madeFrom, table } from "./markdown.ts";

/** A column as a migration declares it. */
interface Column {
  readonly name: string;
  readonly type: string;
  readonly about: string;
}

/** A table: what migrations made of it. */
interface Made {
  readonly by: string;
  readonly columns: Column[];
  readonly keys: string[];
}

/** What each table is for; who writes it is said by stores/README.md. */
const purposes: Readonly<Record<string, string>> = {
  policy_snapshot: "Terms of a policy at one time. Rows never change.",
  coupon: "A coupon, its terms, and how many are left: the number that is true.",
  user_coupon: "Who has a coupon: a verdict that issued. One of a coupon for each user.",
  refusal: "A verdict that refused, kept for `SLUICE_REFUSALS_KEPT_HOURS`.",
  idempotency_key: "`Idempotency-Key`s of requests for coupons, kept for `SLUICE_KEYS_KEPT_HOURS`.",
  product_option: "What is sold, and how many are left.",
  user_balance: "What a user can pay with.",
  customer_order: "An order, and whether it is paid.",
  order_item: "What an order is made of.",
  order_coupon: "Coupons that an order is to use.",
  payment: "A payment: one for each order that is paid.",
  payment_key: "`Idempotency-Key`s of payments, kept as those of requests.",
  outbox:
    "Payments to be published, in the order of their numbers; published ones are kept for `SLUICE_OUTBOX_KEPT_HOURS`.",
  partition_lease: "Who may write for a partition of a topology, and the epoch, which rises with each owner.",
  transaction_history: "Payments as the topic has them: what `transaction-history` writes.",
  operation: "Who did what, when and why: the audit log of `topology`, `schema` and `dlq`.",
  deployment: "What is deployed of each topology; the highest number is in force.",
  replay_job: "Replays of dead letters: what was meant. What came of it is read from the topics.",
  dlq_discard: "Dead letters that are not to be replayed.",
  running_process:
    "Processes that run, with where their health is served, as they enter themselves; the console reads it.",
  database_identity: "One row: the UUID by which a Redis knows whose gate it is.",
};

const created = /^CREATE TABLE IF NOT EXISTS (\w+) \(\n([\s\S]*)\n\) ENGINE/;
const altered = /^ALTER TABLE (\w+)\s+ADD COLUMN (?:IF NOT EXISTS )?([\s\S]*)$/;
const isKey = /^(PRIMARY KEY|UNIQUE KEY|KEY|CONSTRAINT)\b/;

const columnOf = (line: string): Column => {
  const [, name = "", rest = ""] = /^(\w+) ([\s\S]*)$/.exec(line) ?? [];
  const [, about = ""] = /COMMENT '((?:[^']|'')*)'/.exec(rest) ?? [];
  const type = rest.replace(/ ?COMMENT '(?:[^']|'')*'/, "").replaceAll(/ (CHARACTER SET|COLLATE) \w+/g, "");
  return { name, type: type.trim(), about: about.replaceAll("''", "'") };
};

/** One line of a declaration may be continued on the next, deeper one. */
const linesOf = (body: string): readonly string[] =>
  body.split(/,\n {2}(?! )/).map((line) => line.trim().replaceAll(/\s+/g, " "));

const tablesOf = (): ReadonlyMap<string, Made> => {
  const tables = new Map<string, Made>();
  for (const { name: by, statements } of migrations)
    for (const statement of statements) {
      const [, createdName, body = ""] = created.exec(statement) ?? [];
      const [, alteredName, column = ""] = altered.exec(statement) ?? [];
      if (createdName !== undefined) {
        const lines = linesOf(body);
        const columns = lines.filter((line) => !isKey.test(line)).map(columnOf);
        tables.set(createdName, { by, columns, keys: lines.filter((line) => isKey.test(line)) });
      } else if (alteredName !== undefined) tables.get(alteredName)?.columns.push(columnOf(column.trim()));
    }
  return tables;
};

const section = ([name, { by, columns, keys }]: [string, Made]): string => {
  const purpose = purposes[name];
  if (purpose === undefined) throw new Error(`dev/reference/tables-page.ts does not say what the table ${name} is for`);
  return `## ${name}

${purpose} Made by \`${by}\`${keys.length === 0 ? "" : `; ${keys.map(code).join(", ")}`}.

${table(
  ["column", "type", "about"],
  columns.map((column) => [code(column.name), code(column.type), column.about]),
)}`;
};

/** The page. @throws Error where nobody said what a table is for */
export const tablesPage = (): string => `# Tables

${madeFrom("the migrations")}

\`topology apply\` makes these in the database of \`SLUICE_DATABASE_URL\`. Migrations run in the order of their names, are never changed,
and each statement may run again; the table \`migration\` has the names of those that ran. There are no foreign keys
([why](../../stores/mysql/migrations/0001-coupons.ts)). Text is compared byte for byte. How the tables hang together: [payments](../payments.md#what-the-tables-are).

${[...tablesOf()].map(section).join("\n\n")}
`;
