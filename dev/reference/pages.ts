/** What is committed and made from the code: the pages of docs/reference, rules and dashboards. */
import { dashboardTexts } from "../monitoring/dashboards/dashboards.ts";
import { ruleTexts } from "../monitoring/rules/rule-files.ts";
import { runbooksPage } from "../monitoring/rules/runbooks-page.ts";
import { codesPage } from "./codes-page.ts";
import { commandsPage } from "./commands-page.ts";
import { errorsPage } from "./errors-page.ts";
import { httpPage } from "./http-page.ts";
import { llmsText } from "./llms-text.ts";
import { metricsPage } from "./metrics-page.ts";
import { settingsPage } from "./settings-page.ts";
import { tablesPage } from "./tables-page.ts";
import { asyncApiTexts, topicsPage } from "./topics-page.ts";

/** Where each file is, from the repository's root, and what is in it. */
export const referencePages: Readonly<Record<string, () => string | Promise<string>>> = {
  "llms.txt": llmsText,
  "docs/reference/codes.md": codesPage,
  "docs/reference/commands.md": commandsPage,
  "docs/reference/errors.md": errorsPage,
  "docs/reference/http.md": httpPage,
  "docs/reference/metrics.md": metricsPage,
  "docs/reference/settings.md": settingsPage,
  "docs/reference/tables.md": tablesPage,
  "docs/reference/topics.md": topicsPage,
  ...asyncApiTexts,
  "docs/runbooks/README.md": runbooksPage,
  ...ruleTexts,
  ...dashboardTexts,
};
