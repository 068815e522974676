/** What the console tells a browser, as JSON: types alone, for both sides. */
import type { ListedProcess } from "../deploy/processes.ts";
import type { Repair } from "../repairs.ts";

/** What somebody may do: look, or act too. */
export type Role = "viewer" | "operator";

/** Who looks at the console. */
export interface Viewer {
  readonly name: string;
  readonly role: Role;
}

/** A page beside the engine's own, of an application. */
export interface PageLink {
  /** Its path, and what asks for its data: `story`. */
  readonly name: string;
  readonly title: string;
  /** Where the browser loads it from. */
  readonly module: string;
}

/** Whether somebody is logged in, and what there is to see. */
export interface SessionDocument {
  /** The application's name. */
  readonly app: string;
  /** Null where nobody is logged in. */
  readonly viewer: Viewer | null;
  readonly pages: readonly PageLink[];
  /** How one logs in here, in a sentence. */
  readonly howToLogIn: string;
}

/** Why something was not done or shown, and what to do. */
export interface FailureDocument {
  readonly code: string;
  readonly message: string;
  readonly fix: string | null;
}

/** What an error code means. */
export interface CodeDocument {
  readonly code: string;
  /** The page and heading that says it, from the repository's root. */
  readonly at: string;
  /** In Markdown; null where the page says it of many codes at once. */
  readonly means: string | null;
}

/** A call that waits. */
export interface HoldDocument {
  readonly call: string;
  readonly calls: number;
  readonly who: string | null;
  readonly code: string;
  readonly message: string;
  /** How long it has waited, ms. */
  readonly forMs: number;
}

/**
 * - `ready`, `degraded`, `unready`: what it says of itself.
 * - `unreachable`: it enters itself, and its health port does not answer from here.
 * - `silent`: nothing was heard of it lately: it was killed, frozen, or cannot reach the store.
 */
export type ProcessState = "ready" | "degraded" | "unready" | "unreachable" | "silent";

/** A process, as it is listed; of the hash the first digits. */
export interface ProcessDocument extends Omit<ListedProcess, "startedAt"> {
  readonly upMs: number;
  readonly state: ProcessState;
  /** Why it is not ready, or cannot be asked, in sentences. */
  readonly why: readonly string[];
  readonly holds: readonly HoldDocument[];
  /** Source partitions that it has, as `topic/partition`. */
  readonly partitions: readonly string[];
  /** Whether it leads its outbox; null where it is no relay. */
  readonly leads: boolean | null;
  readonly memoryBytes: number | null;
}

/** A source partition, who decides its records, and how it stands. */
export interface PartitionDocument {
  /** `topic/partition`. */
  readonly name: string;
  /** `host:pid` of the worker that has its lease; null where no worker says that it has it. */
  readonly owner: string | null;
  /** Of that lease, which rises with each owner; null where it is not taken yet, or a worker of an earlier release has it. */
  readonly epoch: number | null;
  /** Workers that believe that it is theirs by older leases, which every store refuses: `host:pid`. */
  readonly fenced: readonly string[];
  /** Null where nobody measures it, as the age. */
  readonly lagRecords: number | null;
  readonly lagSeconds: number | null;
  readonly queuedRecords: number;
  readonly inFlightRecords: number;
  readonly isPaused: boolean;
}

/** A topology now. */
export interface TopologyDocument {
  readonly name: string;
  readonly workers: number;
  /** Workers by the first digits of the graph they run. */
  readonly hashes: Readonly<Record<string, number>>;
  /** The deployed graph's first digits; null where nothing is deployed or recorded. */
  readonly deployed: string | null;
  /** Records a second that came in, by arrow; see flow/arrows.ts. */
  readonly flows: Readonly<Record<string, number>>;
  /** Records a second that each step decided. */
  readonly steps: Readonly<Record<string, number>>;
  /** Records that each call is at work for: of a step by its name, of a store by `write <name>`. */
  readonly inCalls: Readonly<Record<string, number>>;
  readonly recordsPerSecond: number;
  /** By topic; null where nobody can say: no worker measures an age. */
  readonly sources: Readonly<
    Record<string, { readonly lagRecords: number | null; readonly lagSeconds: number | null }>
  >;
  readonly partitions: readonly PartitionDocument[];
  readonly queuedRecords: number;
  readonly inFlightRecords: number;
  readonly pausedPartitions: number;
  readonly holds: readonly HoldDocument[];
  readonly deadLettersPerSecond: number;
  /** Records in its topic of dead letters, whatever became of them; null where the log was not looked at. */
  readonly letters: number | null;
  /** Dead letters that nobody has decided about; null where nobody counts them. */
  readonly undecidedLetters: number | null;
}

/** An outbox now. */
export interface OutboxDocument {
  readonly name: string;
  readonly relays: number;
  /** Which process leads: `host:pid`; null where none does. */
  readonly leader: string | null;
  readonly rowsPerSecond: number;
  readonly lagRows: number;
  readonly lagSeconds: number;
  readonly setAsideRows: number;
}

/** A claim of the continuous verify. */
export interface ClaimDocument {
  readonly claim: string;
  readonly violations: number;
}

/** Something that a process set right. */
export interface RepairDocument extends Repair {
  /** Which process: `host:pid`. */
  readonly by: string;
}

/** Figures that the application names. */
export interface FigureDocument {
  readonly title: string;
  /** Null where no process serves it. */
  readonly text: string | null;
}

/** Everything that runs, once a second. */
export interface LiveDocument {
  /** Epoch ms. */
  readonly at: number;
  /** What could not be looked at, in sentences. */
  readonly away: readonly string[];
  readonly processes: readonly ProcessDocument[];
  readonly topologies: readonly TopologyDocument[];
  readonly outboxes: readonly OutboxDocument[];
  /** Null where no `verify --watch` runs. */
  readonly verify: { readonly claims: readonly ClaimDocument[]; readonly lastLookAt: number | null } | null;
  /** What processes set right lately, the latest first, as far as they remember. */
  readonly repairs: readonly RepairDocument[];
  readonly figures: readonly FigureDocument[];
}

/** What was a few minutes ago: one list of equal length for each figure. */
export interface HistoryDocument {
  /** Epoch seconds. */
  readonly at: readonly number[];
  readonly recordsPerSecond: Readonly<Record<string, readonly number[]>>;
  readonly lagRecords: Readonly<Record<string, readonly number[]>>;
}

/** A piece of a drawing, in px from the upper left. */
interface Placed {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A topology as it is drawn, with room for figures. */
export interface DrawingDocument {
  readonly name: string;
  readonly hash: string;
  readonly width: number;
  readonly height: number;
  /** The graph in words. */
  readonly description: string;
  /** Elements of SVG: what is behind all else, then each label and box. */
  readonly behind: string;
  readonly labels: readonly (Placed & { readonly key: string; readonly svg: string })[];
  readonly boxes: readonly (Placed & { readonly kind: string; readonly name: string; readonly svg: string })[];
}

/** A row of the audit log. */
export interface OperationDocument {
  readonly number: number;
  readonly actor: string;
  readonly host: string;
  readonly verb: string;
  readonly reason: string | null;
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly result: string | null;
}

/** Letters by cause. */
export interface LetterGroupDocument {
  readonly fingerprint: string;
  readonly letters: number;
  readonly open: number;
  readonly pending: number;
  readonly node: string;
  readonly code: string;
  readonly firstAt: number;
  readonly lastAt: number;
  /** Of the open and pending ones; null where it is not known. */
  readonly readable: { readonly yes: number; readonly of: number } | null;
  readonly minAttempt: number;
  readonly maxAttempt: number;
}

/** A replay, and how far it is. */
export interface JobDocument {
  readonly id: string;
  /** `at work`, `no runner`, or what became of it. */
  readonly state: string;
  /** Whether a runner may go on with it: it did not end, and none is at work. */
  readonly canBeResumed: boolean;
  readonly actor: string;
  readonly reason: string | null;
  readonly startedAt: number;
  readonly planned: number;
  readonly sent: number;
  readonly resolved: number;
  readonly failedAgain: number;
  readonly pending: number;
  readonly newMeanwhile: number;
  /** What it waits for now; null where that is nothing, or it runs elsewhere. */
  readonly waitingFor: string | null;
}

/** The dead letters of a topology. */
export interface LettersDocument {
  readonly topology: string;
  readonly groups: readonly LetterGroupDocument[];
  readonly jobs: readonly JobDocument[];
  readonly warnings: readonly string[];
}

/** A letter in a list. */
export interface LetterDocument {
  /** `<topic>/<partition>/<offset>` of the record. */
  readonly id: string;
  readonly state: string;
  readonly attempt: number;
  readonly node: string;
  readonly code: string;
  readonly key: string | null;
  readonly lastAt: number;
}

/** Letters of one cause; at most some hundred of them. */
export interface LetterListDocument {
  readonly letters: readonly LetterDocument[];
  readonly total: number;
  readonly warnings: readonly string[];
}

/** An attempt of one record. */
export interface AttemptDocument extends LetterDocument {
  readonly fingerprint: string;
  readonly stage: string;
  readonly errorClass: string;
  readonly kind: string;
  readonly firstAt: number;
  readonly message: string;
  readonly stack: string;
  readonly graph: string;
  readonly headers: Readonly<Record<string, readonly (string | null)[]>>;
  readonly value:
    | { readonly kind: "decoded"; readonly value: unknown; readonly sizeBytes: number; readonly hex: string }
    | { readonly kind: "bytes"; readonly why: string; readonly sizeBytes: number; readonly hex: string }
    | { readonly kind: "dropped" | "gone" | "null" };
  readonly neighbours: readonly { readonly id: string; readonly state: string; readonly attempt: number }[];
}

/** What replaying would do. */
export interface ReplayPlanDocument {
  readonly topology: string;
  readonly limits: {
    readonly rate: number;
    readonly canary: number;
    readonly abortAtPercent: number;
    readonly maxLag: number;
    readonly maxAttempts: number;
  };
  /** Letters by what would become of them; see dlq/plan/plan.ts. */
  readonly counts: Readonly<Record<string, number>>;
  readonly readers: number;
  readonly advice: readonly string[];
  readonly sendingMs: number;
  readonly refusals: readonly FailureDocument[];
  readonly warnings: readonly string[];
}

/** One thing that applying would do. */
export interface ChangeDocument {
  readonly kind: "new" | "change" | "drift";
  readonly area: string;
  readonly name: string;
  readonly text: string;
  /** Why it has to be confirmed by name; null where it is plain. */
  readonly risk: string | null;
  /** Records that it removes; null where it removes none. */
  readonly recordsRemoved: string | null;
}

/** A graph as it is declared beside as it is deployed. */
export interface GraphDocument {
  readonly topology: string;
  /** What differs, in a line; null where nothing does. */
  readonly difference: string | null;
  readonly declared: DrawingDocument;
  /** Null where nothing is deployed, or it is the declared one. */
  readonly deployed: DrawingDocument | null;
}

/** A subject of the registry. */
export interface SubjectDocument {
  readonly subject: string;
  readonly versions: readonly number[];
  readonly level: string | null;
  /** The version that is declared; null where it is none yet. */
  readonly declaredAs: number | null;
  readonly readers: readonly string[];
  readonly writers: readonly string[];
}

/** What is declared, deployed and live, and how they differ. */
export interface PlanDocument {
  readonly clusterId: string;
  /** Whether the application records its deployments: where not, graphs are compared with nothing. */
  readonly recorded: boolean;
  /** The last deployment's number; null where nothing is deployed. */
  readonly deployment: number | null;
  readonly changes: readonly ChangeDocument[];
  readonly refusals: readonly (FailureDocument & { readonly name: string })[];
  readonly foreign: readonly { readonly topic: string; readonly setting: string; readonly value: string }[];
  readonly graphs: readonly GraphDocument[];
  readonly subjects: readonly SubjectDocument[];
  /** The command that makes sense next. */
  readonly next: readonly string[];
}
