/** The index of the runbooks, made from the alerts. Pure. */
import type { AlertRule } from "./rule.ts";
import { ruleFiles } from "./rule-files.ts";

const head = `# Runbooks

One page for each alert, under its name: what it means, what users see, where to look first, what to do and what not to do. A *page*
wakes somebody, a *ticket* waits for the morning. This list is made from the rules by \`npm run reference\`; what the alerts are
measured against is on [monitoring.md](../monitoring.md).

Commands with \`sluice\` are \`npm run -s sluice --\` in a checkout. Those with \`docker compose\` are for the stack of
\`deploy/compose.monitor.yaml\`; elsewhere your supervisor has its own. \`127.0.0.1:9400\` is the health port of the process that is looked at.
`;

const titles: Readonly<Record<string, string>> = {
  "sluice-objectives.yml": "Objectives",
  "sluice-alerts.yml": "The shop",
  "platform-alerts.yml": "What it stands on",
};

/** The page. */
export const runbooksPage = (): string =>
  [head, ...Object.entries(titles).map(([file, title]) => section(title, alertsOf(file)))].join("\n");

const alertsOf = (file: string): readonly AlertRule[] =>
  (ruleFiles[file] ?? []).flatMap(({ rules }) => rules).filter((rule) => "alert" in rule);

const section = (title: string, of: readonly AlertRule[]): string => {
  const rows = [...Map.groupBy(of, ({ alert }) => alert)].map(([alert, same]) => {
    const severities = [...new Set(same.map(({ severity }) => severity))].join(", ");
    const summaries = [...new Set(same.map(({ summary }) => summary))].join(" ");
    const pending = same[0]?.for ?? "";
    return `| [${alert}](${alert}.md) | ${severities} | ${pending} | ${summaries} |`;
  });
  return [`## ${title}`, "", "| alert | severity | after | says |", "|---|---|---|---|", ...rows, ""].join("\n");
};
