/** The names of the dashboards in their addresses: alerts and dashboards refer to them. */
export const uids = {
  overview: "sluice-overview",
  topology: "sluice-topology",
  payments: "sluice-payments",
  platform: "sluice-platform",
} as const;
