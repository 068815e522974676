/** What is committed and made from the code: the pages of docs/reference, rules and dashboards. */
import { dashboardTexts } from "../monitoring/dashboards/dashboards.ts";
import { ruleTexts } from "../monitoring/rules/rule-files.ts";
import { runbooksPage } from "../monitoring/rules/runbooks-page.ts";
import { errorsPage } from "./errors-page.ts";
import { metricsPage } from "./metrics-page.ts";

/** Where each file is, from the repository's root, and what is in it. */
export const referencePages: Readonly<Record<string, () => string>> = {
  "docs/reference/errors.md": errorsPage,
  "docs/reference/metrics.md": metricsPage,
  "docs/runbooks/README.md": runbooksPage,
  ...ruleTexts,
  ...dashboardTexts,
};
