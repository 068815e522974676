/** The failure windows, and where each is tried: data, checked by windows.test.ts. */

/** Something that tries a window: a fault or fail point of this folder, a test, or a mutant of the simulator. */
export interface Trial {
  readonly kind: "fault" | "fail point" | "test" | "mutant";
  /** A name; of a test its file; of a mutant how it begins. */
  readonly name: string;
  /** Of a test: part of its title. */
  readonly title?: string;
}

/** A window of time in which a failure could break a promise. */
export interface Window {
  readonly number: number;
  readonly about: string;
  readonly tried: readonly Trial[];
  /** What of it is not tried, and why; absent where all is. */
  readonly open?: string;
}

const fault = (name: string): Trial => ({ kind: "fault", name });
const point = (name: string): Trial => ({ kind: "fail point", name });
const mutant = (name: string): Trial => ({ kind: "mutant", name });
const unit = (name: string, title: string): Trial => ({ kind: "test", name, title });

const failures = "stores/mysql/coupons/coupon-failures.int.test.ts";
const gate = "stores/redis/coupon-stock.int.test.ts";
const consumer = "engine/log/kafka/consumer/consumer.int.test.ts";
const reconciling = unit("processors/coupons/reconcile-coupons.test.ts", "sets the counter to the database's word");

/** In the order of their numbers. */
export const windows: readonly Window[] = [
  {
    number: 1,
    about: "The API dies or times out between the acknowledgement and its answer; the client asks again",
    tried: [
      unit("api/coupons/reserve.test.ts", "answers a retry with the same reservation"),
      unit("test/whole/coupon-issuing.int.test.ts", "retried with its idempotency key"),
    ],
    open: "the API process is not killed at that very moment; the retry is tried, not the death",
  },
  {
    number: 2,
    about: "It is unknown whether a request was appended",
    tried: [
      unit("api/coupons/reserve.test.ts", "the outcome is unknown when the acknowledgement does not come"),
      unit("engine/log/kafka/writer.int.test.ts", "connections are cut while it sends"),
      fault("broker-away"),
      fault("brokers-in-turn"),
    ],
  },
  {
    number: 3,
    about: "A worker dies after it took from the gate, before the database knows",
    tried: [
      point("gate-reserve-after"),
      point("transaction-before"),
      point("lock-after"),
      point("insert-issued-after"),
      point("take-after"),
      point("issue-commit-before"),
      mutant("own mark"),
    ],
  },
  {
    number: 4,
    about: "A worker dies after the database knows, before its offset is committed",
    tried: [
      point("issue-commit-sent"),
      point("issue-commit-after"),
      point("produce-issued-before"),
      point("produce-issued-after"),
      point("offsets-before"),
      fault("kill"),
    ],
  },
  {
    number: 5,
    about: "A record that comes again is taken for a duplicate, and its unit is given back although it was issued",
    tried: [
      point("issue-commit-sent"),
      point("issue-commit-after"),
      fault("wire-commit"),
      mutant("same id means done"),
    ],
  },
  {
    number: 6,
    about: "A unit that is to be given back is not, because the worker dies",
    tried: [
      point("release-before"),
      point("issue-commit-before"),
      point("produce-compensated-before"),
      unit("processors/coupons/reconcile-coupons.test.ts", "drops what is in flight, and is idle where all is well"),
    ],
  },
  {
    number: 7,
    about: "A unit is given back twice",
    tried: [
      point("release-after"),
      point("produce-compensated-after"),
      unit(gate, "gives back once when the answer was lost"),
      mutant("release guard"),
    ],
  },
  {
    number: 8,
    about: "Redis fails over and has lost what was taken: its counter is too high",
    tried: [fault("redis-snapshot"), unit(gate, "connects again when a replica answers")],
    open: "there is no replica in the stack; an older snapshot has the same counters a lagging replica would have",
  },
  {
    number: 9,
    about: "Redis is flushed, or restored from an old snapshot",
    tried: [fault("redis-flush"), fault("redis-snapshot"), fault("redis-restart"), fault("redis-kill"), reconciling],
  },
  {
    number: 10,
    about: "There is no counter yet, or two set it at once",
    tried: [
      point("gate-initialise-before"),
      point("gate-initialise-after"),
      fault("redis-flush"),
      unit(gate, "flushed between initialising and reserving"),
    ],
    open: "twenty workers that start cold at once; the script sets a counter only where none is, and a key has one owner",
  },
  {
    number: 11,
    about: "A deadlock, or a lock that is not given up",
    tried: [
      unit(failures, "when it was a deadlock's victim"),
      unit(failures, "when a lock is not given up"),
      unit(failures, "when two processes issue the last units"),
      point("lock-after"),
      fault("zombie-at-points"),
    ],
  },
  {
    number: 12,
    about: "The connection is lost at COMMIT",
    tried: [
      fault("wire-commit"),
      point("issue-commit-sent"),
      point("refuse-commit-sent"),
      unit(failures, "COMMIT is cut off"),
      fault("database-not-ready"),
      fault("database-autocommit-off"),
    ],
  },
  {
    number: 13,
    about: "A partition changes hands while work is in flight: two owners",
    tried: [
      fault("zombie"),
      fault("zombie-at-points"),
      fault("rolling"),
      fault("kill-static"),
      fault("rolling-static"),
      point("drain-before"),
      point("drain-after"),
      point("lease-take-after"),
      point("lease-check-after"),
      unit("test/worker/worker-lease.test.ts", "leaves the lease unchanged and finishes nothing"),
      mutant("drain on revoke"),
      mutant("lease check"),
      mutant("lanes: a key"),
    ],
  },
  {
    number: 14,
    about: "A partition was lost, not given back",
    tried: [
      fault("zombie"),
      unit("engine/log/kafka/consumer/membership.test.ts", "refuses a commit when the broker says"),
    ],
  },
  {
    number: 15,
    about: "An old record at an offset that is read anew after a hand-over",
    tried: [
      unit("engine/log/kafka/consumer/membership.test.ts", "drops a batch when it was fetched for an older assignment"),
      unit(consumer, "three members share a topic without a gap"),
      unit("test/worker/worker-trouble.test.ts", "attaches what it fetches again"),
    ],
  },
  {
    number: 16,
    about: "Records finish out of order, and a commit passes one that has not",
    tried: [
      point("offsets-before"),
      point("offsets-after"),
      unit("engine/worker/offsets/ledger.test.ts", "agrees with the model"),
      mutant("low-water mark"),
      mutant("acknowledgement"),
    ],
  },
  {
    number: 17,
    about: "A broker is killed, restarted, or its leadership moves",
    tried: [fault("brokers-in-turn"), fault("broker-away"), fault("wire-broker-cut")],
    open: "power loss of all brokers at once: Kafka does not fsync each message, and neither do we ask it to",
  },
  {
    number: 18,
    about: "Bytes that are no record",
    tried: [
      point("produce-dead-letter-before"),
      point("produce-dead-letter-after"),
      fault("kill"),
      fault("avro-bomb"),
      unit("engine/avro/exact/bounded.test.ts", "nulls of all the arrays of a record"),
      unit("test/worker/worker-sizes.test.ts", "dead-letters records of a megabyte without their bytes"),
      unit("engine/app/process/loop-watch.test.ts", "kills the process and says why"),
      unit("test/worker/worker-trouble.test.ts", "writes no dead letter of a flood"),
      mutant("dead letters: what cannot be read"),
    ],
  },
  {
    number: 19,
    about: "A record that only the database finds wrong",
    tried: [
      unit("test/worker/worker.test.ts", "dead-letters the record that an error names"),
      unit("engine/worker/failures/attempts.test.ts", "halves the round until the guilty record is by itself"),
      mutant("isolation: a guilty record"),
    ],
    open: "on the real database no record is wrong that the gate lets through; the book's own refusals are tried in failures.int.test.ts",
  },
  {
    number: 20,
    about: "A schema id that is not known yet",
    tried: [
      fault("unknown-schemas"),
      unit("engine/avro/learn.test.ts", "says awaited for an unknown id until its grace is over"),
      unit("test/worker/worker-schemas.test.ts", "while those of 1,500 unknown schema ids wait"),
    ],
    open: "one that turns up late, on the real registry: no writer of ours uses a schema before it is registered",
  },
  {
    number: 21,
    about: "The registry is away or slow",
    tried: [
      fault("registry-away"),
      fault("registry-at-start"),
      fault("wire-registry-silent"),
      unit("test/worker/worker.test.ts", "waits for the registry and dead-letters nothing"),
    ],
  },
  {
    number: 22,
    about: "A dead letter cannot be written",
    tried: [point("produce-dead-letter-before"), fault("broker-away"), mutant("append again")],
    open: "a dead-letter topic that refuses while others take: an append is tried again for ever whatever its topic",
  },
  {
    number: 23,
    about: "Dead letters are replayed twice",
    tried: [
      unit("test/worker/worker-replay.test.ts", "changes nothing when a letter is replayed twice"),
      mutant("second feed"),
    ],
  },
  {
    number: 24,
    about: "The external platform is down for hours",
    tried: [
      unit("test/whole/payments-downstream.int.test.ts", "holds a burst in the topic and not in memory"),
      unit("test/whole/external-data.test.ts", "one effect when the platform fails in every way at once"),
      unit("test/whole/external-data.test.ts", "holds instead of emptying the topic into dead letters"),
      fault("pay-platform-away"),
      fault("pay-platform-denied"),
      fault("pay-platform-flaky"),
      point("external-request-sent"),
      point("external-request-answered"),
      point("external-request-after"),
      point("external-offsets-before"),
      fault("pay-kill"),
    ],
    open: "hours are minutes here",
  },
  {
    number: 25,
    about: "A payment is written and its event is not, or the other way round",
    tried: [
      unit("test/whole/payments.int.test.ts", "when API and relays are killed again and again"),
      unit("test/whole/outbox-relay.int.test.ts", "what was acknowledged but not marked"),
      point("api-payments-write-after"),
      point("api-outbox-write-after"),
      point("api-commit-before"),
      point("api-commit-sent"),
      point("api-commit-after"),
      point("relay-produce-after"),
      point("relay-mark-before"),
      fault("pay-kill"),
      fault("pay-database-restart"),
      fault("pay-broker-restart"),
      fault("pay-wire-commit"),
    ],
  },
  {
    number: 26,
    about: "The outbox's relay skips rows, or two of them reorder a key",
    tried: [
      unit("test/whole/outbox-relay.int.test.ts", "when two relays run and 16 clients pay at once"),
      unit("stores/mysql/payments/outbox.int.test.ts", "a row that is committed after a later one"),
      point("relay-read-rows"),
      point("relay-produce-before"),
      point("relay-mark-sent"),
      point("relay-prune-sent"),
      fault("pay-relay-frozen"),
      fault("pay-kill"),
    ],
    open: "an order has one payment, so no key has two rows that could change places: the order of records is for the tests",
  },
  {
    number: 27,
    about: "A payment is half done",
    tried: [
      unit("stores/mysql/payments/payment-failures.int.test.ts", "cut at any statement before the COMMIT"),
      unit("stores/mysql/payments/payment-book.int.test.ts", "when 32 pay it at once, 200 rounds"),
      point("api-orders-write-after"),
      point("api-options-write-after"),
      point("api-balances-write-after"),
      point("api-coupons-write-after"),
      point("api-keys-write-after"),
      point("api-answer-before"),
      fault("pay-one-order"),
      fault("pay-wire-commit"),
      fault("pay-database-restart"),
    ],
  },
  {
    number: 28,
    about: "A clock is wrong, or jumps",
    tried: [],
    open: "the machine's clock is not ours to set; what is judged by time is judged by the broker's, what is waited for by a monotonic clock",
  },
  {
    number: 29,
    about: "A hot partition starves the others",
    tried: [
      unit("engine/worker/partition/lanes.test.ts", "leave a key's records where they are when the key is in flight"),
      unit("test/worker/worker.test.ts", "pauses a partition and loses nothing"),
    ],
    open: "latency under skew is for the benchmark; here only that nothing is lost by it",
  },
  {
    number: 30,
    about: "The number of partitions is not the declared one",
    tried: [unit("test/worker/worker.test.ts", "refuses to start when a topic has another number of partitions")],
    open: "partitions added to a live topic",
  },
  {
    number: 31,
    about: "The group's offsets have expired, or point to nothing",
    tried: [
      unit(consumer, "fails, and skips nothing, when the committed offset has been deleted"),
      unit(consumer, "starts where the log does when nothing was committed"),
    ],
    open: "a whole topic replayed from its start; every fault here replays a part of one",
  },
  {
    number: 32,
    about: "What is remembered grows without bound",
    tried: [
      unit("engine/worker/offsets/ledger.test.ts", "keeps no finished record when a million have passed"),
      unit(gate, "holds what is in flight, and not what was ever taken"),
      unit(gate, "forgets an idle coupon a week after its counter was set"),
    ],
  },
  {
    number: 33,
    about: "A worker gets SIGTERM in the middle of a round",
    tried: [fault("rolling"), fault("rolling-static"), point("drain-before"), point("drain-after")],
  },
  {
    number: 34,
    about: "A worker stops or starts while a coupon sells out",
    tried: [fault("kill"), fault("rolling"), fault("crash-1"), fault("crash-100"), fault("crash-500")],
    open: "units given back after the sale is over: the load's duplicates give back while units are left",
  },
];
