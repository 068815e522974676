/** How the benchmark writes numbers for people. */

/** Three cells: p50, p99, max. */
export const latencies = ({
  latencyMs: { p50, p99, max },
}: {
  readonly latencyMs: { readonly p50: number; readonly p99: number; readonly max: number };
}): readonly string[] => [p50, p99, max].map((ms) => `${ms} ms`);
