/** The console in the browser: who is logged in, which page the address means, and what is around it. */
import { type ComponentType, render } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { SessionDocument, Viewer } from "../documents.ts";
import { act, AskFailed, ask, onLoggedOut, showLive, useLive } from "./ask.ts";
import { html, type View } from "./html.ts";
import { go, Link, type Page, steps } from "./page.ts";
import { CodePage } from "./pages/code.ts";
import { HealthPage } from "./pages/health.ts";
import { LettersPage } from "./pages/letters.ts";
import { LivePage } from "./pages/live.ts";
import { PlanPage } from "./pages/plan.ts";
import { Failure, Waiting } from "./parts.ts";

/** A page with its place among the others. */
interface Place {
  readonly name: string;
  readonly title: string;
  readonly page: Page;
}

const own: readonly Place[] = [
  { name: "", title: "Live", page: LivePage },
  { name: "health", title: "Health", page: HealthPage },
  { name: "letters", title: "Dead letters", page: LettersPage },
  { name: "plan", title: "Plan", page: PlanPage },
];

/** A page that others lead to, and that is not named above them. */
const codes: Place = { name: "codes", title: "Error code", page: CodePage };

/** The parts of an address, decoded; what cannot be decoded is itself. */
const partsOf = (path: string): readonly string[] =>
  path.split("/").flatMap((part) => {
    if (part === "") return [];
    try {
      return [decodeURIComponent(part)];
    } catch {
      return [part];
    }
  });

const Console = (): View => {
  const [session, setSession] = useState<SessionDocument | undefined>();
  const [failure, setFailure] = useState<AskFailed | undefined>();
  const [places, setPlaces] = useState<readonly Place[]>(own);
  const [, setTurn] = useState(0);
  const load = async (): Promise<void> => {
    try {
      const found = await ask<SessionDocument>("/api/session");
      setPlaces([...own, ...(await Promise.all(found.pages.map(loadPage)))]);
      setFailure(undefined);
      setSession(found);
    } catch (error) {
      if (error instanceof AskFailed) setFailure(error);
      else throw error;
    }
  };
  useEffect(() => {
    const told = (): void => setTurn((turn) => turn + 1);
    steps.add(told);
    addEventListener("popstate", told);
    onLoggedOut(() => void load());
    void logInByAddress().then(load, (error: unknown) => {
      setFailure(error instanceof AskFailed ? error : undefined);
      void load();
    });
    return () => {
      steps.delete(told);
      removeEventListener("popstate", told);
    };
  }, []);
  if (session === undefined)
    return failure === undefined
      ? Waiting({ what: "Opening" })
      : html`<main><${Failure} failure=${failure.failure} isLoggedOut=${true} /></main>`;
  if (session.viewer === null) return html`<${LogIn} session=${session} before=${failure} done=${load} />`;
  return html`<${Frame} app=${session.app} viewer=${session.viewer} places=${places} left=${load} />`;
};

/** The one-time code is in the fragment, which no server and no log is sent. */
const logInByAddress = async (): Promise<void> => {
  const code = /^#login=([\w-]+)$/.exec(location.hash)?.[1];
  if (code === undefined) return;
  history.replaceState(null, "", location.pathname);
  await act("/api/login", { code });
};

const loadPage = async ({ name, title, module }: SessionDocument["pages"][number]): Promise<Place> => {
  // The server names modules of pages alone.
  const { page } = (await import(module)) as { readonly page: Page };
  return { name, title, page };
};

const LogIn = ({
  session,
  before,
  done,
}: {
  readonly session: SessionDocument;
  readonly before: AskFailed | undefined;
  readonly done: () => Promise<void>;
}): View => {
  const [token, setToken] = useState("");
  const [failed, setFailed] = useState(before);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    try {
      await act("/api/login", { token });
      await done();
    } catch (error) {
      if (error instanceof AskFailed) setFailed(error);
    }
  };
  return html`<main class="login">
    <h1>${session.app} <span class="pale">console</span></h1>
    <p>${session.howToLogIn}</p>
    ${failed === undefined ? null : html`<${Failure} failure=${failed.failure} isLoggedOut=${true} />`}
    <form onSubmit=${submit}>
      <label for="token">Token</label>
      <input id="token" type="password" autocomplete="off" value=${token} required
        onInput=${(event: InputEvent) => setToken((event.target as HTMLInputElement).value)} />
      <button type="submit" class="primary">Log in</button>
    </form>
  </main>`;
};

const Frame = ({
  app,
  viewer,
  places,
  left,
}: {
  readonly app: string;
  readonly viewer: Viewer;
  readonly places: readonly Place[];
  readonly left: () => Promise<void>;
}): View => {
  const [first = "", ...rest] = partsOf(location.pathname);
  const isLive = first === "" || first === "live";
  const place = [...places, codes].find(({ name }) => name === (isLive ? "" : first));
  useEffect(() => {
    document.title = `${place?.title ?? "Not found"} · ${app}`;
  }, [place, app]);
  const logOut = async (): Promise<void> => {
    await act("/api/logout").catch(() => {});
    go("/");
    await left();
  };
  const Shown: ComponentType<{ readonly rest: readonly string[]; readonly viewer: Viewer }> = place?.page ?? NotFound;
  return html`<div>
    <a class="skip" href="#content">Skip to content</a>
    <header class="top">
      <${Link} to="/" class="brand">${app}<//>
      <nav aria-label="Pages">${places.map(
        ({ name, title }) =>
          html`<${Link} to=${`/${name}`} key=${name} aria-current=${place?.name === name ? "page" : undefined}>${title}<//>`,
      )}</nav>
      <div class="who"><span>${viewer.name}, ${viewer.role}</span><button type="button" onClick=${logOut}>Log out</button></div>
    </header>
    <${Connection} />
    <main id="content" tabindex="-1"><${Shown} key=${place?.name} rest=${rest} viewer=${viewer} /></main>
  </div>`;
};

/** What of the whole picture is missing. */
const Connection = (): View => {
  const { document, isConnected } = useLive();
  if (!isConnected)
    return html`<p class="banner bad" role="status">The console does not answer; what is shown is old. It is asked again by itself.</p>`;
  const away = document?.away ?? [];
  return away.length === 0 ? null : html`<p class="banner warn" role="status">${away.join("; ")}</p>`;
};

const NotFound = (): View => html`<div class="failure">
  <p><strong>There is no such page.</strong></p>
  <p>The pages of this console are named above.</p>
</div>`;

const place = document.getElementById("console");
if (place !== null) {
  const showWhileSeen = (): void => showLive(document.visibilityState === "visible");
  showWhileSeen();
  document.addEventListener("visibilitychange", showWhileSeen);
  place.replaceChildren();
  render(html`<${Console} />`, place);
}
