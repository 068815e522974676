/**
 * A flood of dead letters: when so large a share of what a partition has decided lately would be dead-lettered, the cause is hardly
 * the records. Pure: it only counts.
 */

/** When it is a flood. */
export interface FloodLimits {
  /** The latest records that count. */
  readonly windowRecords: number;
  /**
   * Below this many there is no telling: so many may be dead-lettered of each partition after a start of the process. Not after
   * each assignment: one rebalance after another would empty the topic. A restart begins anew, because what it was started with
   * is most often what was wrong; a supervisor's backoff bounds how often that is.
   */
  readonly minRecords: number;
  /** The share of dead letters above which it is one; 1 lets everything through. */
  readonly maxShare: number;
}

/** Counts of one partition. */
export interface Flood {
  /** Whether a round with so many dead letters would make it a flood. Counts nothing. */
  readonly wouldBe: (round: Decided) => boolean;
  /** Counts a round. */
  readonly add: (round: Decided) => void;
}

/** What a round came to. */
export interface Decided {
  readonly records: number;
  readonly deadLetters: number;
  /**
   * The schema ids of further letters, whose schemas the registry has not, one for each record; none where left out. Where the
   * registry has lost its schemas, few ids are on many records, and each of those counts. An id that one record alone names says
   * nothing of what is deployed: 1,500 of them would hold a quiet partition for good.
   */
  readonly unknownIds?: readonly number[];
}

/** Letters of an id that others of these rounds name, too. */
const ofSharedIds = (rounds: readonly Decided[]): number => {
  const counts = new Map<number, number>();
  for (const { unknownIds = [] } of rounds) for (const id of unknownIds) counts.set(id, (counts.get(id) ?? 0) + 1);
  return [...counts.values()].reduce((sum, count) => (count > 1 ? sum + count : sum), 0);
};

const sizeOf = ({ records, unknownIds = [] }: Decided): number => records + unknownIds.length;

/** No records yet. */
export const createFlood = ({ windowRecords, minRecords, maxShare }: FloodLimits): Flood => {
  let rounds: Decided[] = [];
  const sum = (of: readonly Decided[], what: "records" | "deadLetters"): number =>
    of.reduce((n, round) => n + round[what], 0);
  /** The latest rounds that have `windowRecords` together; what came before them counts no more. */
  const latest = (of: readonly Decided[]): Decided[] => {
    let from = of.length;
    for (let records = 0; from > 0 && records < windowRecords; from--) {
      const round = of[from - 1];
      records += round === undefined ? 0 : sizeOf(round);
    }
    return of.slice(from);
  };
  return {
    wouldBe: (round) => {
      if (round.deadLetters === 0 && (round.unknownIds ?? []).length === 0) return false;
      const seen = latest([...rounds, round]);
      const shared = ofSharedIds(seen);
      const records = sum(seen, "records") + shared;
      return records >= minRecords && sum(seen, "deadLetters") + shared > maxShare * records;
    },
    add: (round) => {
      // Of a round of which nothing was left to run there is nothing to keep.
      if (sizeOf(round) === 0) return;
      rounds = latest([...rounds, round]);
    },
  };
};

/** The floods of a process's partitions, which outlive their assignments. */
export interface Floods {
  /** Of one partition, by its name: the same one whenever it is assigned. */
  readonly of: (partition: string) => Flood;
}

/** No partition has decided anything yet. */
export const createFloods = (limits: FloodLimits): Floods => {
  const floods = new Map<string, Flood>();
  return {
    of: (partition) => {
      const flood = floods.get(partition) ?? createFlood(limits);
      floods.set(partition, flood);
      return flood;
    },
  };
};
