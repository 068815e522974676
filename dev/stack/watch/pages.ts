/** Where somebody looks at what watches a stack: the page of alerts, and the command that says what was sent. */
import { defaultStackName, layoutOf } from "../layout.ts";
import type { ServiceState } from "../services/service.ts";
import { readState } from "../state.ts";

/** The page of alerts by who built Prometheus: Debian's has the older pages alone, and answers 404 for the others. */
const alertPages = ["/alerts", "/classic/alerts"] as const;

/** Whether a page is there. A page that does not answer within 2 s is none. */
export type IsThere = (url: string) => Promise<boolean>;

const isThere: IsThere = (url) =>
  fetch(url, { signal: AbortSignal.timeout(2_000) }).then(
    async (response) => {
      await response.body?.cancel();
      return response.ok;
    },
    () => false,
  );

/** Lines to print, of those that run. Alertmanager is asked by its own command, because Debian's has no pages. */
export const watchedPages = async (
  services: readonly Pick<ServiceState, "name" | "port">[],
  found: IsThere = isThere,
): Promise<readonly string[]> => {
  const at = (name: string): readonly string[] =>
    services.filter((service) => service.name === name).map(({ port }) => `http://127.0.0.1:${port}`);
  const alerts = at("prometheus").map(async (root) => {
    for (const page of alertPages) if (await found(`${root}${page}`)) return `alerts     ${root}${page}`;
    return `alerts     ${root}`;
  });
  return [
    ...(await Promise.all(alerts)),
    ...at("alertmanager").map((root) => `sent       amtool alert --alertmanager.url ${root}`),
  ];
};

/** The same of a stack by its name; none where it is not up. */
export const pagesOf = async (name = defaultStackName): Promise<readonly string[]> =>
  watchedPages((await readState(layoutOf(name)))?.services ?? []);
