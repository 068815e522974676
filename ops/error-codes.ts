/**
 * What each error code means and what is done about it: what docs/reference/codes.md is made from, and where messages lead to.
 * A test compares the codes with those of the sources.
 */
import type { Explains } from "../engine/app/define-app.ts";

/** Codes of one kind: a title, a sentence, and a sentence or two for each code. */
export interface CodeSection {
  readonly title: string;
  readonly about: string;
  readonly codes: Readonly<Record<string, string>>;
}

/** Why a record was dead-lettered. */
const letters: CodeSection = {
  title: "Why a record was dead-lettered",
  about:
    "`sluice dlq groups` shows them, and `_flow.err.code` of the letter has them. After the cause is removed: [replay](../how-to/replay-dead-letters.md).",
  codes: {
    MALFORMED: "The value does not fit the schema that it names. Its writer is wrong; nothing decides it.",
    UNREADABLE_BATCH: "A compressed batch is damaged, too large after decompression, or of an unknown codec.",
    RECORD_TOO_LARGE:
      "The record is larger than its topic's records may be, or than the broker takes. Its bytes stay in the source topic.",
    WRONG_RECORD:
      "The record fits the schema and breaks a rule of its topic: a key that is not its own, an id that `SLUICE_TOKEN_SECRET` does not prove. With many at once, a process has another secret than the API.",
    UNKNOWN_SCHEMA:
      "The registry has no schema of the id that the record names, 30 s after it was asked first. Register it, then replay.",
    FOREIGN_SCHEMA: "The schema is registered for other topics, and not for this one. Its writer is wrong.",
    PROJECTION_FAILED:
      "A projection or a map of the topology threw. A mistake of the topology: correct it, deploy, replay.",
    TOO_MANY_RECORDS: "A path would write more than 1,000 records, or a projection wrote more than its sink takes.",
    ENCODE_FAILED: "What a path writes does not fit the schema of the topic it goes to. A mistake of the topology.",
    STEP_TIMEOUT: "Each attempt of a step took longer than its `timeoutMs`. Its effects may remain: in doubt.",
    UNDECLARED_OUTCOME: "A step gave an outcome that its type does not have. A mistake of the step; in doubt.",
    WRONG_ANSWER_COUNT:
      "A step or a store answered for more or fewer records than it was given. A mistake of its code; in doubt.",
    UNCLASSIFIED:
      "An error without a code, after all attempts. In doubt; the letter's message and stack say what it was.",
    BAD_ID: "An id is not of the form that the tables keep.",
    BAD_TIME: "A time is no epoch in milliseconds.",
    BAD_ASK: "An id, the key or the fingerprint of a payment is malformed.",
    BAD_CLAIM: "A user, a fingerprint or a reservation of an idempotency key is malformed.",
    BAD_ORDER: "An order is malformed, or names an option that is not there.",
    BAD_PAYMENT: "A payment of the topic is malformed: an id, or an amount or time below 0.",
    COUPON_UNKNOWN: "The database has no coupon to issue: it was set back to before the coupon was opened.",
    RESERVATION_REUSED: "The id of an issued reservation came again for another user or coupon. Its writer is wrong.",
    HISTORY_DIFFERS: "The history has this payment with other contents. Look for who wrote the row.",
    DELIVERY_REFUSED: "The data platform refuses this payment for good, by its status.",
    RECORD_REFUSED: "The log refuses a record for good, for another reason than its size.",
    TAKEN: "An order of a demonstration or a test is there already; nothing was added.",
    NO_REPLAY: "A record of the retry topic is of no replay: somebody else wrote it.",
    REPLAY_MISPLACED: "A record of the retry topic is in the partition of others: somebody else wrote it.",
    CHANGED_UNDERNEATH: "Rows changed under a lock that was held: something else writes these tables. In doubt.",
  },
};

/** What is waited for. */
const holds: CodeSection = {
  title: "What is held, and why a process is not ready",
  about:
    "Nothing is dead-lettered for these while they last, and the order is kept. After `SLUICE_HOLD_GRACE_MS` `/ready` answers 503 with the code. Errors of database, Redis and brokers by their own numbers and names (`DATABASE_1045`, `REDIS_WRONGPASS`): [what an error means](errors.md).",
  codes: {
    UNAVAILABLE: "A dependency is away. Bring it back: work resumes by itself within 2 s.",
    FENCED:
      "Another worker has the lease of a partition: this one was frozen, or cut off. It goes on with what it keeps.",
    BEHIND:
      "A record before it in its lane was given up on; it is decided when the dead letter of that one is written.",
    LOCK_WAIT_TIMEOUT: "Another transaction keeps a lock: an operator's, or a backup's. End it.",
    REDIS_FULL: "Redis takes no more memory. Raise `maxmemory`, or remove what else is in it.",
    KAFKA_REFUSED: "A broker refuses our user, its password or a right. At a start the process ends.",
    REGISTRY_REFUSED:
      "The registry answers 401 or 403. Set `SLUICE_REGISTRY_AUTH` or the token's file right, or the rights there.",
    DELIVERY_DENIED:
      "The data platform's answer is about us or the address: correct the credentials or `SLUICE_PLATFORM_URL`.",
    DEAD_LETTER_FLOOD:
      "More of a partition's latest records would become dead letters than `SLUICE_DEAD_LETTER_PERCENT`. Remove the cause; where the records are wrong indeed, set it to 100.",
    STALLED:
      "A call gives no answer. After `SLUICE_STALL_END_MS` the worker ends with exit code 1, to be started again.",
  },
};

/** Why a process does not start, or ends. */
const ends: CodeSection = {
  title: "Why a process does not start, or ends",
  about:
    "In its last line, `process.failed`. Exit code 4 says that starting it again helps nothing, 8 that it is not to be started again, 1 anything else.",
  codes: {
    INVALID_CONFIG: "Settings are wrong or missing; each is named. [Settings](settings.md).",
    GRAPH_NOT_DEPLOYED:
      "The worker's graph is neither deployed nor accepted beside what is deployed. Run `sluice topology apply`, or start the release that is deployed.",
    OTHER_GROUP:
      "The topology was deployed for another consumer group: correct `SLUICE_GROUP_PREFIX`, or deploy with `--new-group`, which reads from the beginning.",
    TOPIC_SETTING:
      "A topic has a setting with which a promise breaks at the first record. Run `sluice topology apply`.",
    GATE_OF_OTHER_DATABASE:
      "This Redis serves another database. Check the addresses; [ADR 13](../adr/0013-one-database-one-group-one-redis.md).",
    GATE_OWNER_UNREADABLE:
      "The key in which Redis keeps whose gate it is holds something else. Who wrote it? Remove the key: the next worker that starts writes it. [ADR 13](../adr/0013-one-database-one-group-one-redis.md).",
    REDIS_CLUSTER: "Redis Cluster is not supported: the gate's scripts need all coupons on one server.",
    TOPIC_MISSING:
      "A topic is not there. It is made by `sluice topology apply` and by nobody else; [restoring](../restoring.md#a-topic-that-is-made-anew) where it was there.",
    PARTITION_COUNT:
      "A topic has other partitions than the topology declares. [Grow a topic](../how-to/grow-a-topic.md).",
    TOPIC_PARTITIONS:
      "A topic has more partitions than are declared, or a keyed topic fewer. [Grow a topic](../how-to/grow-a-topic.md).",
    OFFSET_OUT_OF_RANGE:
      "What the group is to read next is not in the topic any more. Nothing is skipped: [restoring](../restoring.md#a-topic-that-is-made-anew).",
    SCHEMA_NOT_REGISTERED: "The registry does not have what is written here. Run `sluice topology apply`.",
    INSTANCE_FENCED: "Another process joined under the same `SLUICE_GROUP_INSTANCE_ID`. Give each worker its own.",
    DATABASE_IDENTITY: "The database has no identity: nothing was deployed there. Run `sluice topology apply`.",
    SETTING_REFUSED: "A broker refuses a topic's setting, in its words.",
    TLS_FILE:
      "A file of certificates cannot be read, or holds no certificate in PEM, or a certificate and a key that do not fit.",
    CANNOT_LISTEN:
      "A port is taken or not ours to take: another process, or another `SLUICE_API_PORT` or `SLUICE_HEALTH_PORT`.",
    TOO_FEW_DESCRIPTORS:
      "The process may open fewer files than connections are promised. Raise `ulimit -n`, or lower `SLUICE_API_MAX_CONNECTIONS`.",
    BAD_KEYS: "The file of public keys has none that can be used.",
    WEAK_SECRET: "The token secret has fewer than 32 bytes.",
    PLATFORM_URL: "`SLUICE_PLATFORM_URL` is no `http://host:port/path`.",
    OUTBOX_ROW_UNENCODABLE:
      "A row of the outbox fits no record: it is set aside and named, and those behind it are published.",
    OUTBOX_VALUE_LOST:
      "The value of an outbox row is gone: the row is set aside, and published should the value come back.",
    KAFKAJS_CHANGED: "kafkajs is not the release that is patched. Run `npm ci`.",
    CODEC_MISSING: "A package for compressed batches cannot be loaded. Run `npm ci`.",
  },
};

/** How a command ends. */
const commands: CodeSection = {
  title: "How a command ends",
  about: "With `--json` in `errors[].code`. [Exit codes](commands.md#exit-codes).",
  codes: {
    USAGE: "The command line is wrong; the message says where.",
    INTERRUPTED: "It was told to stop. The same command goes on.",
    NOT_CONFIRMED: "Nobody confirmed. Nothing was changed.",
    CONFIRM_BY_NAME: "Risky changes are confirmed by the topic's name: `--confirm <topic>`. Nothing was changed.",
    CONFIRM_ALL: "Nothing narrows which letters are meant: narrow it, or `--all --confirm <topology>`.",
    REFUSED: "A plan was refused, for the reasons that it names. Nothing was changed.",
    APPLY_BUSY: "Another apply or evolution is at work. Nothing was changed; run it again.",
    APPLY_LOCK_LOST: "The connection that held the lock of this apply ended. What is done stays done; run it again.",
    PLAN_OUT_OF_DATE: "Something changed since the plan was made. Nothing was changed; plan again.",
    BAD_PLAN_FILE: "The file is no plan, or of another release.",
    NO_PLAN_FILE: "The plan cannot be read.",
    NO_DEPLOYMENT: "There is no deployment of this number: `sluice topology log` has them.",
    NOT_DEPLOYED: "Nothing is deployed here yet. Run `sluice topology apply`.",
    UNKNOWN_SUBJECT: "No declared topic has this subject.",
    NO_HISTORY: "This application keeps no versions of its schemas: `schemas` of its `sluice.config.ts`.",
    BAD_HISTORY: "A file of `schemas/versions` is missing or was changed. Restore it.",
    NO_VERSION: "The subject has no such version, or it is no Avro.",
    VERSION_CONFLICT: "Somebody else registered a version meanwhile. Look, then evolve again.",
    INCOMPATIBLE_SCHEMA: "Readers of this schema could not read what is written already. [Schemas](../schemas.md).",
    OTHER_COMPATIBILITY: "Somebody set another level for a subject. Set it in the registry, then apply again.",
    SCHEMA_REFUSED: "The registry does not take what is declared for an Avro schema.",
    INVALID_AVRO: "A schema is no valid Avro.",
    NO_SUCH_TOPIC: "There is no such topic.",
    BAD_LETTER_ID: "A letter's id is `<topic>/<partition>/<offset>`.",
    NO_SUCH_LETTER: "There is no such letter.",
    NO_SUCH_FINGERPRINT: "No letter has a fingerprint that begins so.",
    AMBIGUOUS_FINGERPRINT: "Letters of several causes begin so: give more of it.",
    SINCE_AFTER_UNTIL: "`--since` is after `--until`.",
    NO_REPLAYS: "This application keeps no replays: `replays` of its `sluice.config.ts`.",
    NO_SUCH_JOB: "No job's id begins so.",
    JOB_ENDED: "The job has ended: it can neither go on nor be ended again.",
    NOTHING_MEANT: "No letter that is meant is in that state.",
    BAD_TRANSFORM: "The file or its function of `--transform` cannot be used.",
    REPLAY_BUSY: "Another replay of this topology is at work. Nothing was changed.",
    REPLAY_LOCK_LOST:
      "This runner may not go on: its connection ended, or another took the job. What is sent stays sent; resume it.",
    REGISTRY_UNAVAILABLE:
      "The registry does not answer, so it is not known which letters can be read. Nothing was changed.",
    NO_COUPON: "There is no such coupon.",
    GROUP_HAS_MEMBERS: "Workers run: what is repaired by hand is repaired while none does. Stop them.",
    TAKEN_OVER: "A worker took a partition over meanwhile; it repairs by itself.",
    NO_STORY: "Nothing is known of this id: where it was looked for is said.",
    PLATFORM_AWAY: "The stand-in platform does not answer at `--platform`.",
    TOKENS_NOT_OURS: "Tokens signed by our secret are not taken here: the identity provider makes them.",
    CANNOT_WRITE: "A file cannot be written.",
    WOULD_OVERWRITE: "`init` overwrites nothing.",
    OTHER_PACKAGE:
      "`init` was run in a folder without a package.json, below one that has one: npm takes that. Make one first.",
    NO_WAY_IN: "Nobody could log in to the console: give `--terminal`, or declare who its viewers are.",
    NO_APP: "`sluice.config.ts` exports no `app`.",
    INVALID_TOPOLOGY: "A topology breaks rules that need the whole graph; each is named.",
    INVALID_SCHEMA: "A declared record has what Avro or JavaScript does not have. [The DSL](../dsl.md#records).",
  },
};

/** What the console refuses. */
const consoleCodes: CodeSection = {
  title: "What the console refuses",
  about: "On its pages, below the sentence. What a command refuses is refused there too, under the same code.",
  codes: {
    NOT_LOGGED_IN: "Nobody is logged in, or the session has ended: it lasts 12 hours, and no longer than the console.",
    CODE_USED: "The address that logs in is good once. The console has printed another one.",
    NOT_TAKEN: "The token is forged, expired, or has no role that may look: `viewer` or `operator`.",
    VIEWER_ONLY: "A viewer looks. Log in with a token whose role is `operator`.",
    LONG_REASON: "A reason has more than 1,000 characters, which is what the audit log keeps. Say it shorter.",
    TOO_MANY_READ:
      "Twenty readings of dead letters wait already in the console. Ask again in a while; pausing and cancelling wait for none.",
    OTHER_ORIGIN: "It was not sent by a page of this console. Behind a proxy: `--url` is where browsers reach it.",
    NO_REASON: "What is done needs a reason, for the audit log. Nothing was changed.",
    NO_SUCH_CODE: "Nothing here explains the error code that was asked for: it is another system's.",
    NO_SUCH_TOPOLOGY: "The address names a topology that the application does not have.",
    TOO_MANY_WATCH: "64 browsers watch already: close some.",
    NOT_FOUND: "There is nothing at this address.",
    NOT_EMBEDDED: "What a page would read is not in the embedded system. `npm start` has it.",
  },
};

/** Why a plan is refused. */
const refusals: CodeSection = {
  title: "Why a plan is refused",
  about:
    "`topology plan` and `apply` name all reasons at once, and so do `dlq plan` and `replay`; exit code 4, and nothing is changed.",
  codes: {
    FEWER_PARTITIONS: "Kafka takes no partitions away. [Grow a topic](../how-to/grow-a-topic.md).",
    KEYS_WOULD_MOVE:
      "With more partitions keys go to others, and their order is lost. [Grow a topic](../how-to/grow-a-topic.md).",
    KEY_CHANGED: "Another key is another order. Declare a new topic.",
    SUBJECT_LEVEL:
      "A subject is at a level that stops less than what is promised. Set it to BACKWARD or BACKWARD_TRANSITIVE.",
    SUBJECT_INCOMPATIBLE:
      "The declared schema cannot read what is written, or the registry says so. `sluice schema check`.",
    LETTERS_UNREADABLE: "Dead letters that can be read now could not be read any more.",
    OTHER_CLUSTER: "This is another Kafka cluster than the one that is recorded: `--new-cluster`, if it is meant.",
    SOURCES_CHANGED: "What a topology reads changed while its workers run. Stop them first.",
    RETRY_TOPIC_MISSING: "There is no retry topic yet. Run `sluice topology apply`.",
    NOTHING_READY: "No letter that is meant is ready to be replayed; the plan says why of each.",
    NO_READER: "No worker reads the retry topic. Start one.",
    GRAPH_NOT_RUNNING: "No worker of the deployed graph runs.",
    OTHER_LEVEL:
      "The registry has a subject at another level than BACKWARD or BACKWARD_TRANSITIVE. [Schemas](../schemas.md).",
    MODE_NOT_READWRITE: "The registry takes no schemas now: its mode is another one.",
    NOT_AVRO: "A version under the subject is no Avro.",
  },
};

/** The stack of a developer's machine. */
const stack: CodeSection = {
  title: "The stack on this machine",
  about: "Of `sluice stack`, and of what starts one: `npm start`, `npm test`, `npm run bench`.",
  codes: {
    STACK_TOOLS_MISSING: "Something is not installed; the command that installs it is named.",
    STACK_PLATFORM: "A stack without Docker runs on Linux alone.",
    STACK_BROKERS: "The stack is up with another number of brokers. End it first, or leave `--brokers` out.",
    STACK_NAME: "A stack's name has other characters than it may.",
    STACK_BUSY: "Another command starts or ends this stack.",
    STACK_NOT_UP: "No stack of this name is up. Start it.",
    STACK_NO_PORT: "No port of the range is free.",
    STACK_PORT_TAKEN: "A port was taken between the choice and the start. Start it again.",
    STACK_SERVICE: "The stack has no service of this name.",
    STACK_START_FAILED: "A service did not start; its log is named.",
    STACK_STATE: "What was written down about the stack cannot be read. Remove the stack.",
    STACK_STOP_TIMEOUT: "A service did not end in time.",
    STACK_TOOL_FAILED: "A tool of a service failed; its output is named.",
    CHILD_NOT_READY: "A process of ours did not start; its log is named.",
    PORT_TAKEN: "Another process listens where the stand-in platform was to.",
    BENCH: "A measurement broke a promise or could not be made; it counts for nothing.",
  },
};

/** Codes that only a mistake of the program shows. */
const mistakes: CodeSection = {
  title: "Mistakes of the program",
  about:
    "These end a process, or fail a call, where the code calls itself wrongly. Nothing is finished and nothing is lost; report it with the log line.",
  codes: Object.fromEntries(
    [
      "ADDRESS",
      "ASKS_TOO_MANY",
      "BAD_COUNTER",
      "BAD_TOKEN_WISH",
      "CLAIMS_TOO_MANY",
      "COALESCE_ANSWERS",
      "COLUMN_SHAPE",
      "COMMIT_REFUSED",
      "GATE_REPLY",
      "KAFKA_OPTIONS",
      "LISTENER_THREW",
      "LOOKUP_TOO_LARGE",
      "NO_ENCODER",
      "NO_LEASE",
      "OFFSET_NOT_ASCENDING",
      "OPTION_LOST",
      "OUTBOX_ROWS_TOO_MANY",
      "OUTBOX_TABLE",
      "PRODUCER_CLOSED",
      "REASON_UNKNOWN",
      "ROUND_TOO_LARGE",
      "SQL_PARAMETER",
      "UNKNOWN_TOPIC",
      "VERDICT_LOST",
    ].map((code) => [code, ""]),
  ),
};

/** Every section, in the order of the page. */
export const codeSections: readonly CodeSection[] = [
  letters,
  holds,
  ends,
  commands,
  consoleCodes,
  refusals,
  stack,
  mistakes,
];

/** What an error code means, and where that is said; undefined where no page knows it. */
export const explainCode: Explains = (code) => {
  const section = codeSections.find(({ codes }) => Object.hasOwn(codes, code));
  const at = `docs/reference/codes.md#${code.toLowerCase()}`;
  if (section !== undefined) return { at, means: section.codes[code] || section.about };
  const [, system] = /^(DATABASE|REDIS)_/.exec(code) ?? [];
  if (system === undefined) return undefined;
  return { at: `docs/reference/errors.md#${{ DATABASE: "the-database", REDIS: "redis" }[system]}` };
};
