/** What a service of a running stack is: how it is started, where it listens, and what proves that it answers. */

/** A process to start. The environment is added to the few variables every process gets. */
export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** The question that proves a service ready, as plain data, so that it can be kept and asked again later. */
export type Probe =
  | {
      readonly kind: "kafka";
      readonly port: number;
      /** How many brokers a ready broker knows of. */
      readonly brokers: number;
      /** Another stack's broker may have taken the port before this one could, and would answer in its place. */
      readonly clusterId: string;
    }
  | { readonly kind: "registry"; readonly url: string }
  | { readonly kind: "mariadb"; readonly url: string }
  | { readonly kind: "redis"; readonly port: number }
  /** Any program that answers 200 there when it is ready. */
  | { readonly kind: "http"; readonly url: string };

/** A service, decided but not started. */
export interface ServicePlan {
  /** As in the compose file, such as `kafka-1`. */
  readonly name: string;
  /** The port its clients use, on 127.0.0.1. */
  readonly port: number;
  readonly log: string;
  readonly launch: Launch;
  readonly probe: Probe;
}

/** Which process a service is. A pid is not enough: it may be another process's tomorrow. */
export interface ProcessId {
  readonly pid: number;
  /** When it started, in clock ticks since the machine did (field 22 of /proc/PID/stat). */
  readonly startTicks: string;
}

/** A service and the process it was last started as. */
export interface ServiceState extends ServicePlan {
  readonly process: ProcessId | undefined;
}
