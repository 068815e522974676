/** What an operator may do about letters: plan a replay and begin it, discard them, or open discarded ones again. */
import { useState } from "preact/hooks";
import type { ReplayPlanDocument, Viewer } from "../../documents.ts";
import { act, useAnswer } from "../ask.ts";
import { Confirm } from "../confirm.ts";
import { count, counted, duration } from "../formats.ts";
import { html, type View } from "../html.ts";
import { go } from "../page.ts";
import { Answered, Failure, Panel, Table } from "../parts.ts";

/** Which letters: of a cause, or of a record. */
export type Meant = { readonly fingerprint: string } | { readonly id: string };

/** How fast, and how many first. */
interface Wish {
  readonly rate: string;
  readonly canary: string;
}

/** The panel; a viewer sees plans and no buttons that act. */
export const Acts = ({
  topology,
  meant,
  viewer,
  changed,
}: {
  readonly topology: string;
  readonly meant: Meant;
  readonly viewer: Viewer;
  readonly changed: () => void;
}): View => {
  const [wish, setWish] = useState<Wish>({ rate: "", canary: "" });
  const [asked, setAsked] = useState<Wish | undefined>();
  const query = asked === undefined ? undefined : new URLSearchParams({ topology, ...meant, ...asked });
  const answer = useAnswer<ReplayPlanDocument>(query && `/api/letters/plan?${query}`);
  const field = (name: keyof Wish, label: string, hint: string): View => html`<div>
    <label for=${`replay-${name}`}>${label}</label>
    <input id=${`replay-${name}`} inputmode="decimal" size="12" placeholder=${hint} value=${wish[name]}
      onInput=${(event: InputEvent) => setWish({ ...wish, [name]: (event.target as HTMLInputElement).value })} />
  </div>`;
  return html`<${Panel} title="Decide them again">
    <p>A replayed letter runs its topology from the beginning, beside the live records. Nothing is ever deleted.</p>
    <form class="form" onSubmit=${(event: Event) => {
      event.preventDefault();
      setAsked({ ...wish });
      answer.again();
    }}>
      ${field("rate", "Letters a second", "200")}
      ${field("canary", "Canary, decided first", "20")}
      <button type="submit">Plan</button>
    </form>
    ${
      asked === undefined
        ? null
        : html`<${Answered} answer=${answer}>${(
            plan: ReplayPlanDocument,
          ) => html`<${Planned} plan=${plan} viewer=${viewer}
            begin=${async (said: object) => {
              const own = { topology, ...meant, ...asked, planned: plan.counts["ready"] };
              const { job } = await act<{ readonly job: string }>("/api/letters/replay", { ...said, ...own });
              go(`/letters/${topology}`);
              return `Job ${job.slice(0, 8)} began.`;
            }} />`}<//>`
    }
    ${viewer.role === "operator" ? html`<${Discards} topology=${topology} meant=${meant} changed=${changed} />` : html`<p class="pale">A viewer looks; an operator acts.</p>`}
  <//>`;
};

/** What each fitness says, as the command says it. */
const words: Readonly<Record<string, string>> = {
  ready: "ready",
  "over-cap": "had as many attempts as are allowed",
  unreadable: "unreadable by the present schema",
  wrong: "a check of its topic refuses it again",
  "too-large": "too large for its topic",
  busy: "pending: replayed, and not decided yet",
  "no-bytes": "without their bytes, which are gone",
  damaged: "without headers that say where they came from",
  elsewhere: "from a topic or partition that it does not read",
  settled: "resolved, discarded, or failed again later",
};

const Planned = ({
  plan,
  viewer,
  begin,
}: {
  readonly plan: ReplayPlanDocument;
  readonly viewer: Viewer;
  readonly begin: (said: object) => Promise<string>;
}): View => {
  const { topology, counts, limits, readers, advice, sendingMs, refusals, warnings } = plan;
  const rows = Object.entries(counts).filter(([fitness, letters]) => letters > 0 || fitness === "ready");
  const ready = counts["ready"] ?? 0;
  const first = limits.canary > 0 ? `, ${count(Math.min(limits.canary, ready))} of them first` : "";
  return html`<div class="plan">
    ${warnings.map((text) => html`<p class="banner warn" key=${text}>${text}</p>`)}
    <${Table} label="The plan" rows=${rows} keyOf=${([fitness]: readonly [string, number]) => fitness} empty=""
      columns=${[
        { title: "Letters", right: true, cell: ([, letters]: readonly [string, number]) => count(letters) },
        { title: "They are", cell: ([fitness]: readonly [string, number]) => words[fitness] ?? fitness },
      ]} />
    <p>${counted(readers, "worker")} read the retry topic. At ${limits.rate} a second it takes ${duration(sendingMs)}${first}. They are
      decided when they are replayed, for ever${advice.map((text) => `; ${text}`).join("")}.</p>
    ${refusals.map((failure) => html`<${Failure} key=${failure.code} failure=${failure} />`)}
    ${
      refusals.length > 0 || viewer.role !== "operator"
        ? null
        : html`<${Confirm} topology=${topology} label=${`Replay ${counted(ready, "letter")}`} work=${begin}
            what=${`${counted(ready, "letter")} will be sent to be decided again${first}. It stops by itself where more than ${limits.abortAtPercent} % fail again.`} />`
    }
  </div>`;
};

const Discards = ({
  topology,
  meant,
  changed,
}: {
  readonly topology: string;
  readonly meant: Meant;
  readonly changed: () => void;
}): View => {
  const discard =
    (undo: boolean) =>
    async (said: object): Promise<string> => {
      const { letters } = await act<{ readonly letters: number }>("/api/letters/discard", {
        ...said,
        ...meant,
        topology,
        undo,
      });
      changed();
      return `${counted(letters, "letter")} ${undo ? "opened again" : "discarded"}.`;
    };
  return html`<div class="acts">
    <${Confirm} topology=${topology} label="Discard what is open" danger=${true} work=${discard(false)}
      what="Open letters are marked as not to be replayed. They are not deleted, and can be opened again." />
    <${Confirm} topology=${topology} label="Open what is discarded" work=${discard(true)} what="Discarded letters can be replayed again." />
  </div>`;
};
