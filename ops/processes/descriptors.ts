/** Whether this process may open what it promises: a connection that finds no file descriptor is lost without an answer. */
import { Fatal } from "../../engine/errors.ts";

/** Descriptors for what is no client: brokers, database, registry, health, logs. */
const ownDescriptors = 256;

/** How many files this process may have open; node has raised it to the most it may when it began. */
export const openFilesLimit = (): number => {
  const { report } = process;
  // The report would otherwise look up the names of every network address.
  Object.assign(report, { excludeNetwork: true });
  // The report's shape is node's (report.md); what is no number is `unlimited`.
  const { userLimits } = report.getReport() as {
    readonly userLimits?: { readonly open_files?: { readonly soft?: unknown } };
  };
  const soft = Number(userLimits?.open_files?.soft);
  return Number.isFinite(soft) ? soft : Number.POSITIVE_INFINITY;
};

/** @throws Fatal (TOO_FEW_DESCRIPTORS) where so many connections do not fit, saying what to do. */
export const checkDescriptors = (limit: number, maxConnections: number): void => {
  const needed = maxConnections + ownDescriptors;
  if (limit >= needed) return;
  throw new Fatal(
    "TOO_FEW_DESCRIPTORS",
    `${maxConnections} connections are promised and this process may open ${limit} files: raise that to ${needed} ` +
      `(ulimit -n, LimitNOFILE), or set SLUICE_API_MAX_CONNECTIONS to ${Math.max(1, limit - ownDescriptors)} at most`,
  );
};
