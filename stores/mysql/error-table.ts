/**
 * What the errors of MariaDB and MySQL mean, by number, as one table: docs/reference/errors.md is made from it. Made by going
 * through the whole list of both servers (MariaDB 10.11, MySQL 8.4); numbers from 1900 on are not always the same error in
 * both, and stand here only where neither meaning is harmed. What is in no row is decided by its SQLSTATE, and then is the rest.
 */

/**
 * - `away`: the server's or the cluster's state. Hold, and ask again.
 * - `conflict`: another transaction was in the way. The transaction runs again; then it is tried again and isolated.
 * - `locked`: another transaction keeps a lock. The transaction runs again; then it is held like what is away, and named as this.
 * - `poison`: what a row holds can never be written.
 * - `refused`: the user may not do this, now. At a start the process ends; while it runs it is held.
 * - `fatal`: this process or its tables are not what the database needs.
 * - `rest`: tried again, then isolated and dead-lettered as in doubt.
 */
export type DatabaseErrorClass = "away" | "conflict" | "locked" | "poison" | "refused" | "fatal" | "rest";

/** Errors of one class for one reason, by the server's number and its name without `ER_`. */
export interface DatabaseErrorGroup {
  readonly means: DatabaseErrorClass;
  /** A sentence without its full stop, for the page. */
  readonly why: string;
  /**
   * The connection is given up: where an address leads to several servers another one may be able to; and what was prepared on
   * it is prepared anew.
   */
  readonly givesUpConnection?: true;
  readonly errors: Readonly<Record<number, string>>;
}

/** The table. */
export const databaseErrors: readonly DatabaseErrorGroup[] = [
  {
    means: "away",
    why: "the server is no member of its cluster now, or speaks to nobody: quorum lost, node not ready, fail-over, offline",
    givesUpConnection: true,
    errors: {
      1042: "BAD_HOST_ERROR",
      1043: "HANDSHAKE_ERROR",
      1047: "UNKNOWN_COM_ERROR",
      3032: "SERVER_OFFLINE_MODE",
      3100: "RUN_HOOK_ERROR",
      3168: "SERVER_ISNT_AVAILABLE",
      3781: "GR_HOLD_WAIT_TIMEOUT",
      3782: "GR_HOLD_KILLED",
      3796: "GRP_TRX_CONSISTENCY_NOT_ALLOWED",
      3797: "GRP_TRX_CONSISTENCY_BEFORE",
    },
  },
  {
    means: "away",
    why: "the server takes no writes now, as after a fail-over",
    givesUpConnection: true,
    errors: {
      1036: "OPEN_AS_READONLY",
      1223: "CANT_UPDATE_WITH_READLOCK",
      1290: "OPTION_PREVENTS_STATEMENT",
      1792: "CANT_EXECUTE_IN_READ_ONLY_TRANSACTION",
      1836: "READ_ONLY_MODE",
      1874: "INNODB_READ_ONLY",
      3989: "SCHEMA_READ_ONLY",
    },
  },
  {
    means: "away",
    why: "the server stops, or has ended this connection",
    givesUpConnection: true,
    errors: {
      1053: "SERVER_SHUTDOWN",
      1077: "NORMAL_SHUTDOWN",
      1078: "GOT_SIGNAL",
      1079: "SHUTDOWN_COMPLETE",
      1080: "FORCING_CLOSE",
      1152: "ABORTING_CONNECTION",
      1184: "NEW_ABORTING_CONNECTION",
      1927: "CONNECTION_KILLED",
      3169: "SESSION_WAS_KILLED",
      4031: "CLIENT_INTERACTION_TIMEOUT",
    },
  },
  {
    means: "away",
    why: "the statement was ended: interrupted, or its time was up",
    errors: {
      1028: "FILSORT_ABORT",
      1317: "QUERY_INTERRUPTED",
      1969: "STATEMENT_TIMEOUT",
      3024: "QUERY_TIMEOUT",
    },
  },
  {
    means: "away",
    why: "the connection is broken",
    givesUpConnection: true,
    errors: {
      1081: "IPSOCK_ERROR",
      1154: "NET_READ_ERROR_FROM_PIPE",
      1155: "NET_FCNTL_ERROR",
      1156: "NET_PACKETS_OUT_OF_ORDER",
      1157: "NET_UNCOMPRESS_ERROR",
      1158: "NET_READ_ERROR",
      1159: "NET_READ_INTERRUPTED",
      1160: "NET_ERROR_ON_WRITE",
      1161: "NET_WRITE_INTERRUPTED",
      1189: "MASTER_NET_READ",
      1190: "MASTER_NET_WRITE",
      1218: "CONNECT_TO_MASTER",
      1429: "CONNECT_TO_FOREIGN_DATA_SOURCE",
      // The client's own numbers: they are no answer of a server.
      2002: "CR_CONNECTION_ERROR",
      2003: "CR_CONN_HOST_ERROR",
      2006: "CR_SERVER_GONE_ERROR",
      2013: "CR_SERVER_LOST",
      2055: "CR_SERVER_LOST_EXTENDED",
    },
  },
  {
    means: "away",
    why: "a limit is used up, by others or by all together",
    errors: {
      1040: "CON_COUNT_ERROR",
      1135: "CANT_CREATE_THREAD",
      1151: "TOO_MANY_DELAYED_THREADS",
      1203: "TOO_MANY_USER_CONNECTIONS",
      1206: "LOCK_TABLE_FULL",
      1226: "USER_LIMIT_REACHED",
      1461: "MAX_PREPARED_STMT_COUNT_REACHED",
      1637: "TOO_MANY_CONCURRENT_TRXS",
      3170: "CAPACITY_EXCEEDED",
      3985: "MDL_OUT_OF_RESOURCES",
      4082: "DA_CONN_LIMIT",
    },
  },
  {
    means: "away",
    why: "memory, disk or a file of the server is full or fails",
    errors: {
      1004: "CANT_CREATE_FILE",
      1015: "CANT_LOCK",
      1016: "CANT_OPEN_FILE",
      1021: "DISK_FULL",
      1023: "ERROR_ON_CLOSE",
      1024: "ERROR_ON_READ",
      1026: "ERROR_ON_WRITE",
      1030: "GET_ERRNO",
      1037: "OUTOFMEMORY",
      1038: "OUT_OF_SORTMEMORY",
      1039: "UNEXPECTED_EOF",
      1041: "OUT_OF_RESOURCES",
      1114: "RECORD_FILE_FULL",
      1180: "ERROR_DURING_COMMIT",
      1181: "ERROR_DURING_ROLLBACK",
      1257: "ZLIB_Z_MEM_ERROR",
      1297: "GET_TEMPORARY_ERRMSG",
      1467: "AUTOINC_READ_FAILED",
      1534: "BINLOG_ROW_LOGGING_FAILED",
      1598: "BINLOG_LOGGING_IMPOSSIBLE",
      1810: "IO_READ_ERROR",
      1811: "IO_WRITE_ERROR",
      1878: "TEMP_FILE_WRITE_FAILURE",
      3015: "ENGINE_OUT_OF_MEMORY",
      3019: "INNODB_UNDO_LOG_FULL",
      3044: "STD_BAD_ALLOC_ERROR",
      3185: "CANNOT_FIND_KEY_IN_KEYRING",
      3675: "DISK_FULL_NOWAIT",
      4139: "INDEX_FILE_FULL",
    },
  },
  {
    means: "away",
    why: "a table is damaged, or being repaired or upgraded",
    errors: {
      1033: "NOT_FORM_FILE",
      1034: "NOT_KEYFILE",
      1035: "OLD_KEYFILE",
      1194: "CRASHED_ON_USAGE",
      1195: "CRASHED_ON_REPAIR",
      1459: "TABLE_NEEDS_UPGRADE",
      1707: "TABLE_NEEDS_REBUILD",
      1712: "INDEX_CORRUPT",
      1728: "CANNOT_LOAD_FROM_TABLE_V2",
      1812: "TABLESPACE_MISSING",
      1814: "TABLESPACE_DISCARDED",
      1817: "INNODB_INDEX_CORRUPT",
      1877: "TABLE_CORRUPT",
      1932: "NO_SUCH_TABLE_IN_ENGINE",
      3000: "FILE_CORRUPT",
    },
  },
  {
    means: "away",
    why: "a prepared statement is not what the server has now: it is prepared anew",
    givesUpConnection: true,
    errors: { 1243: "UNKNOWN_STMT_HANDLER", 1615: "NEED_REPREPARE" },
  },
  {
    means: "conflict",
    why: "another transaction, a change of the table or the cluster's certification was in the way",
    errors: {
      1020: "CHECKREAD",
      1213: "LOCK_DEADLOCK",
      1412: "TABLE_DEF_CHANGED",
      1613: "XA_RBTIMEOUT",
      1614: "XA_RBDEADLOCK",
      1689: "LOCK_ABORTED",
      1964: "PRIOR_COMMIT_FAILED",
      3058: "USER_LOCK_DEADLOCK",
      3101: "TRANSACTION_ROLLBACK_DURING_COMMIT",
      3132: "LOCKING_SERVICE_DEADLOCK",
    },
  },
  {
    means: "locked",
    why: "another transaction, a backup or a change of the table keeps a lock for longer than is waited",
    errors: {
      1205: "LOCK_WAIT_TIMEOUT",
      3133: "LOCKING_SERVICE_TIMEOUT",
      3572: "LOCK_NOWAIT",
    },
  },
  {
    means: "poison",
    why: "a value can never be written: too long, out of range, null, of a wrong kind, or against a CHECK",
    errors: {
      1048: "BAD_NULL_ERROR",
      1138: "INVALID_USE_OF_NULL",
      1263: "WARN_NULL_TO_NOTNULL",
      1264: "WARN_DATA_OUT_OF_RANGE",
      1265: "WARN_DATA_TRUNCATED",
      1292: "TRUNCATED_WRONG_VALUE",
      1300: "INVALID_CHARACTER_STRING",
      1365: "DIVISION_BY_ZERO",
      1366: "TRUNCATED_WRONG_VALUE_FOR_FIELD",
      1367: "ILLEGAL_VALUE_FOR_TYPE",
      1406: "DATA_TOO_LONG",
      1411: "WRONG_VALUE_FOR_TYPE",
      1441: "DATETIME_FUNCTION_OVERFLOW",
      1525: "WRONG_VALUE",
      1690: "DATA_OUT_OF_RANGE",
      1916: "DATA_OVERFLOW",
      1917: "DATA_TRUNCATED",
      1918: "BAD_DATA",
      1977: "CANNOT_CONVERT_CHARACTER",
      3819: "CHECK_CONSTRAINT_VIOLATED",
      4025: "CONSTRAINT_FAILED",
    },
  },
  {
    means: "refused",
    why: "the user may not do this: its name, password, rights, host or encryption",
    // A connection keeps the rights that it was opened with: a right that is given back is seen by a new one.
    givesUpConnection: true,
    errors: {
      1044: "DBACCESS_DENIED_ERROR",
      1045: "ACCESS_DENIED_ERROR",
      1129: "HOST_IS_BLOCKED",
      1130: "HOST_NOT_PRIVILEGED",
      1142: "TABLEACCESS_DENIED_ERROR",
      1143: "COLUMNACCESS_DENIED_ERROR",
      1227: "SPECIFIC_ACCESS_DENIED_ERROR",
      1251: "NOT_SUPPORTED_AUTH_MODE",
      1275: "SERVER_IS_IN_SECURE_AUTH_MODE",
      1370: "PROCACCESS_DENIED_ERROR",
      1524: "PLUGIN_IS_NOT_LOADED",
      1698: "ACCESS_DENIED_NO_PASSWORD_ERROR",
      1820: "MUST_CHANGE_PASSWORD",
      1862: "MUST_CHANGE_PASSWORD_LOGIN",
      1873: "ACCESS_DENIED_CHANGE_USER_ERROR",
      3118: "ACCOUNT_HAS_BEEN_LOCKED",
      3159: "SECURE_TRANSPORT_REQUIRED",
      3955: "USER_ACCESS_DENIED_FOR_USER_ACCOUNT_BLOCKED_BY_PASSWORD_LOCK",
      4150: "USER_IS_BLOCKED",
      4151: "ACCOUNT_HAS_BEEN_LOCKED",
    },
  },
  {
    means: "fatal",
    why: "the schema, a table or a column is missing or another one: run `sluice topology apply`",
    errors: {
      1046: "NO_DB_ERROR",
      1049: "BAD_DB_ERROR",
      1051: "BAD_TABLE_ERROR",
      1054: "BAD_FIELD_ERROR",
      1109: "UNKNOWN_TABLE",
      1146: "NO_SUCH_TABLE",
      1364: "NO_DEFAULT_FOR_FIELD",
    },
  },
  {
    means: "fatal",
    why: "the server does not understand a statement of ours: another kind of server, or another version",
    errors: {
      1064: "PARSE_ERROR",
      1115: "UNKNOWN_CHARACTER_SET",
      1148: "NOT_ALLOWED_COMMAND",
      1149: "SYNTAX_ERROR",
      1193: "UNKNOWN_SYSTEM_VARIABLE",
      1231: "WRONG_VALUE_FOR_VAR",
      1232: "WRONG_TYPE_FOR_VAR",
      1235: "NOT_SUPPORTED_YET",
      1273: "UNKNOWN_COLLATION",
      1286: "UNKNOWN_STORAGE_ENGINE",
      1289: "FEATURE_DISABLED",
      1295: "UNSUPPORTED_PS",
      1305: "SP_DOES_NOT_EXIST",
    },
  },
  {
    means: "rest",
    why: "it is what was sent together that is too large: halves of it fit",
    errors: {
      1153: "NET_PACKET_TOO_LARGE",
      1162: "TOO_LONG_STRING",
      1197: "TRANS_CACHE_FULL",
      1301: "WARN_ALLOWED_PACKET_OVERFLOWED",
      1390: "PS_MANY_PARAM",
      1705: "STMT_CACHE_FULL",
    },
  },
  {
    means: "rest",
    why: "a key is there already, or a row that is referred to is not: the store that wrote it decides",
    errors: {
      1022: "DUP_KEY",
      1062: "DUP_ENTRY",
      1169: "DUP_UNIQUE",
      1216: "NO_REFERENCED_ROW",
      1217: "ROW_IS_REFERENCED",
      1451: "ROW_IS_REFERENCED_2",
      1452: "NO_REFERENCED_ROW_2",
      1586: "DUP_ENTRY_WITH_KEY_NAME",
    },
  },
];

/** Codes of Node and mysql2 for a connection that can't be had or was lost: away. */
export const lostConnection: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTDOWN",
  "EHOSTUNREACH",
  "ENETDOWN",
  "ENETUNREACH",
  "EADDRNOTAVAIL",
  "ENOBUFS",
  "EMFILE",
  "ENFILE",
  "PROTOCOL_CONNECTION_LOST",
  "PROTOCOL_SEQUENCE_TIMEOUT",
  "PROTOCOL_PACKETS_OUT_OF_ORDER",
  "HANDSHAKE_NO_SSL_SUPPORT",
]);

/**
 * Numbers of proxies in front of a server: ProxySQL answers 9000 to 9999 where it reaches no server in time, or has none.
 * No server has errors there.
 */
export const proxyErrors = { from: 9_000, to: 9_999 } as const;

/** What a number means that is in no row, by the class of its SQLSTATE; undefined where that says nothing either: the rest. */
export const sqlStates: readonly {
  readonly state: string;
  readonly means: DatabaseErrorClass;
  readonly why: string;
}[] = [
  { state: "08", means: "away", why: "the connection" },
  { state: "22", means: "poison", why: "a value" },
  { state: "25006", means: "away", why: "the transaction is read-only" },
  { state: "28", means: "refused", why: "the user's name or password" },
  { state: "40", means: "conflict", why: "the transaction was rolled back" },
  { state: "42S", means: "fatal", why: "a table, column or index" },
  { state: "53", means: "away", why: "the server's resources" },
  { state: "57", means: "away", why: "an operator" },
  { state: "70100", means: "away", why: "the statement was interrupted" },
];

const givingUp: ReadonlySet<number> = new Set(
  databaseErrors.flatMap(({ givesUpConnection, errors }) => (givesUpConnection ? Object.keys(errors).map(Number) : [])),
);

/** Whether the connection that answered this is of no more use. */
export const givesUpConnection = (number: number): boolean => givingUp.has(number);

/** By number. */
const byNumber: ReadonlyMap<number, DatabaseErrorClass> = new Map(
  databaseErrors.flatMap(({ means, errors }) => Object.keys(errors).map((number) => [Number(number), means] as const)),
);

/** The class of an error the server answered: by number, else by SQLSTATE; undefined where neither is known: the rest. */
export const databaseErrorClass = (number: number, sqlState = ""): DatabaseErrorClass | undefined =>
  byNumber.get(number) ??
  (number >= proxyErrors.from && number <= proxyErrors.to
    ? "away"
    : sqlStates.find(({ state }) => sqlState.startsWith(state))?.means);
