/** The pages of docs/reference that are made from the code. */
import { errorsPage } from "./errors-page.ts";
import { metricsPage } from "./metrics-page.ts";

/** Where each page is, from the repository's root, and what is in it. */
export const referencePages: Readonly<Record<string, () => string>> = {
  "docs/reference/errors.md": errorsPage,
  "docs/reference/metrics.md": metricsPage,
};
