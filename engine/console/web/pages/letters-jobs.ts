/** The replays of a topology: how far they are, and what an operator may do about those that did not end. */
import type { JobDocument, Viewer } from "../../documents.ts";
import { act } from "../ask.ts";
import { Confirm } from "../confirm.ts";
import { ago, count } from "../formats.ts";
import { html, type View } from "../html.ts";
import { Panel, Pill, Table, type Tone } from "../parts.ts";

const tones: Readonly<Record<string, Tone>> = {
  "at work": "info",
  finished: "good",
  stopped: "bad",
  "no runner": "bad",
  cancelled: "quiet",
};

/** The panel. */
export const Jobs = ({
  topology,
  jobs,
  viewer,
  changed,
}: {
  readonly topology: string;
  readonly jobs: readonly JobDocument[];
  readonly viewer: Viewer;
  readonly changed: () => void;
}): View => html`<${Panel} title="Replays">
    <${Table} label="Replays" rows=${jobs} keyOf=${({ id }: JobDocument) => id} empty="None was begun yet."
      columns=${[
        { title: "Job", mono: true, cell: ({ id }: JobDocument) => id.slice(0, 8) },
        {
          title: "State",
          cell: ({ state, waitingFor }: JobDocument) => html`<div><${Pill} tone=${tones[state] ?? "warn"}>${state}<//>
            ${waitingFor === null ? null : html`<p class="why">waits for ${waitingFor}</p>`}</div>`,
        },
        { title: "Decided", right: true, cell: progressOf },
        { title: "Resolved", right: true, cell: ({ resolved }: JobDocument) => count(resolved) },
        { title: "Failed again", right: true, cell: ({ failedAgain }: JobDocument) => count(failedAgain) },
        { title: "Began", right: true, cell: ({ startedAt }: JobDocument) => ago(startedAt, Date.now()) },
        {
          title: "Who and why",
          cell: ({ actor, reason }: JobDocument) => `${actor}${reason === null ? "" : `: ${reason}`}`,
        },
      ]} />
    ${
      viewer.role !== "operator"
        ? null
        : jobs.map((job) => html`<${JobActs} key=${job.id} topology=${topology} job=${job} changed=${changed} />`)
    }
  <//>`;

const progressOf = ({ planned, resolved, failedAgain }: JobDocument): View => {
  const decided = resolved + failedAgain;
  return html`<span><progress max=${Math.max(1, planned)} value=${decided} aria-label="Decided letters"></progress> ${count(decided)} of ${count(planned)}</span>`;
};

/** What may be done about a job: nothing where it has ended. */
const JobActs = ({
  topology,
  job,
  changed,
}: {
  readonly topology: string;
  readonly job: JobDocument;
  readonly changed: () => void;
}): View => {
  const isAtWork = job.state === "at work";
  if (!isAtWork && !job.canBeResumed) return null;
  const name = job.id.slice(0, 8);
  const asked = (path: string, done: string, over: object) => async (said: object) => {
    await act(path, { ...said, topology, job: job.id, ...over });
    changed();
    return done;
  };
  return html`<div class="acts">
    ${
      isAtWork
        ? html`<${Confirm} key="pause" topology=${topology} label=${`Pause ${name}`}
            what=${`Job ${name} stops after its batch, and can be resumed.`}
            work=${asked("/api/letters/ask", "It pauses.", { wanted: "paused" })} />`
        : html`<${Confirm} key="resume" topology=${topology} label=${`Resume ${name}`}
            what=${`Job ${name} goes on here with what is left of it, as it was planned; nothing is decided twice.`}
            work=${asked("/api/letters/resume", "It goes on.", {})} />`
    }
    <${Confirm} key="cancel" topology=${topology} label=${`Cancel ${name} for good`} danger=${true}
      what=${`Job ${name} ends for good${isAtWork ? ", after its batch" : ""}; what is sent stays sent.`}
      work=${asked("/api/letters/ask", "It is cancelled.", { wanted: "cancelled" })} />
  </div>`;
};
