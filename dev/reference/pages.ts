/** The pages of docs/reference that are made from the code. */
import { metricsPage } from "./metrics-page.ts";

/** Where each page is, from the repository's root, and what is in it. */
export const referencePages: Readonly<Record<string, () => string>> = {
  "docs/reference/metrics.md": metricsPage,
};
