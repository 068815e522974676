// The fake outbox passes the contract of outboxes.
import { memoryOutbox } from "./memory-outbox.ts";
import { outboxContract } from "./testing/outbox-contract.ts";

outboxContract("memory outbox", () => {
  const memory = memoryOutbox<{ readonly id: string }>(({ id }) => id);
  let last = 0;
  return {
    outbox: memory.outbox,
    write: async (count, traceparent) => {
      const values = Array.from({ length: count }, () => ({ id: `value-${++last}` }));
      memory.add(...values);
      for (const [number, row] of memory.rows)
        if (values.includes(row.value)) memory.rows.set(number, { ...row, traceparent });
      return values;
    },
    idOf: ({ id }) => id,
    orphan: async (values) => {
      const gone = [...memory.rows].filter(([, { value }]) => values.includes(value)).map(([number]) => number);
      for (const number of gone) memory.orphans.add(number);
      return async () => {
        for (const number of gone) memory.orphans.delete(number);
      };
    },
  };
});
