/** The story of one request, payment, order, user or coupon, as a page that can be linked to. */
import { useState } from "preact/hooks";
import { type Moment, type Story, subjectKinds } from "../../story/story.ts";
import {
  Answered,
  type ComponentChildren,
  go,
  html,
  Link,
  moment as momentText,
  Panel,
  type Page,
  Pill,
  timeOfDay,
  useAnswer,
  type View,
} from "../../../engine/console/web/kit.ts";
import type { StoryDocument } from "../story-document.ts";

const storyPath = (id: string, as = ""): string => {
  const parts = id.split("/").map(encodeURIComponent).join("/");
  return `/story/${parts}${as === "" ? "" : `?as=${as}`}`;
};

/** The page: what is searched is in its address. */
export const page: Page = ({ rest }) => {
  const id = rest.join("/");
  const as = new URLSearchParams(location.search).get("as") ?? "";
  const asked = id === "" ? undefined : `/api/story?${new URLSearchParams({ id, as })}`;
  const answer = useAnswer<StoryDocument>(asked);
  return html`<div>
    <h1>Story</h1>
    <${Search} key=${`${id} ${as}`} id=${id} as=${as} />
    ${
      asked === undefined
        ? html`<p class="empty">What became of one reservation, payment, order, user or coupon: each moment with where it was read, and
            whatever contradicts itself.</p>`
        : html`<${Answered} answer=${answer}>${(document: StoryDocument) => html`<${Told} ...${document} />`}<//>`
    }
  </div>`;
};

const Search = ({ id, as }: { readonly id: string; readonly as: string }): View => {
  const [typed, setTyped] = useState(id);
  const [kind, setKind] = useState(as);
  const submit = (event: Event): void => {
    event.preventDefault();
    if (typed.trim() !== "") go(storyPath(typed.trim(), kind));
  };
  return html`<${Panel} title="Find">
    <form class="form" role="search" onSubmit=${submit}>
      <div class="wide"><label for="story-id">An id, or topic/partition/offset</label>
        <input id="story-id" class="mono" value=${typed} autocomplete="off" spellcheck=${false} required
          onInput=${(event: InputEvent) => setTyped((event.target as HTMLInputElement).value)} /></div>
      <div><label for="story-as">It is</label>
        <select id="story-as" value=${kind} onChange=${(event: Event) => setKind((event.target as HTMLSelectElement).value)}>
          <option value="">whatever fits</option>${subjectKinds.map((one) => html`<option key=${one} value=${one}>${one}</option>`)}
        </select></div>
      <button type="submit" class="primary">Tell</button>
    </form>
  <//>`;
};

const Told = ({ story, away }: StoryDocument): View => {
  const { subject, moments, contradictions, pending, unknown } = story;
  const agrees = contradictions.length + pending.length + unknown.length + away.length === 0;
  return html`<${Panel} title=${`${subject.kind} ${subject.id}`} aside=${verdictOf(story, agrees)}>
    <${Sentences} name="Contradiction" tone="bad" texts=${contradictions} />
    <${Sentences} name="Pending" tone="warn" texts=${pending} />
    <${Sentences} name="Not known" tone="quiet" texts=${[...unknown, ...away]} />
    <ol class="moments">${moments.map((one, at) => html`<${Shown} key=${at} moment=${one} before=${moments.slice(0, at).findLast((earlier) => earlier.at !== undefined)} />`)}</ol>
  <//>`;
};

const verdictOf = ({ contradictions, pending }: Story, agrees: boolean): View => {
  if (contradictions.length > 0) return html`<${Pill} tone="bad">contradicts itself<//>`;
  if (pending.length > 0) return html`<${Pill} tone="warn">not at its end<//>`;
  return agrees ? html`<${Pill} tone="good">everything agrees<//>` : html`<${Pill} tone="quiet">not all is known<//>`;
};

const Sentences = ({
  name,
  tone,
  texts,
}: {
  readonly name: string;
  readonly tone: string;
  readonly texts: readonly string[];
}): View =>
  texts.length === 0
    ? null
    : html`<ul class="sentences">${texts.map(
        (text) => html`<li key=${text}><${Pill} tone=${tone}>${name}<//><span>${linked(text)}</span></li>`,
      )}</ul>`;

/** A moment; the day stands where it is another one than that of the time before. */
const Shown = ({ moment, before }: { readonly moment: Moment; readonly before: Moment | undefined }): View => {
  const { at, what, text, from } = moment;
  const day = at === undefined ? "" : momentText(at).slice(0, 10);
  const isNewDay = before?.at === undefined || momentText(before.at).slice(0, 10) !== day;
  return html`<li>
    <span class="when">${
      at === undefined
        ? ""
        : html`<time dateTime=${new Date(at).toISOString()}>${isNewDay ? html`<span class="day">${day}</span>` : null}${timeOfDay(at)}</time>`
    }</span>
    <div class="told"><p><strong>${what}</strong> ${linked(text)}</p><p class="from">from ${linked(from)}</p></div>
  </li>`;
};

/** What has a story of its own: ids, and records of topics. */
const subjects = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[\w.-]+\/\d+\/\d+/g;

const linked = (text: string): ComponentChildren => {
  const found = [...text.matchAll(subjects)];
  let end = 0;
  const parts = found.flatMap(({ 0: id, index }) => {
    const part = [text.slice(end, index), html`<${Link} to=${storyPath(id)} class="mono">${id}<//>`];
    end = index + id.length;
    return part;
  });
  return [...parts, text.slice(end)];
};
