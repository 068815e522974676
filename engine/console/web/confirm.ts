/** Asks before something is done, as a command does: why, and the topology's name typed out; then says what was done. */
import { useId, useState } from "preact/hooks";
import { AskFailed } from "./ask.ts";
import { html, type View } from "./html.ts";
import { Failure } from "./parts.ts";

/** A button; behind it the question; behind that `work`, which answers what was done. @throws AskFailed what `work` throws, shown */
export const Confirm = ({
  topology,
  label,
  what,
  danger = false,
  work,
}: {
  readonly topology: string;
  readonly label: string;
  /** What it will do, in a sentence. */
  readonly what: string;
  readonly danger?: boolean;
  readonly work: (said: { readonly confirm: string; readonly reason: string }) => Promise<string>;
}): View => {
  const id = useId();
  const [isOpen, setOpen] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [said, setSaid] = useState({ confirm: "", reason: "" });
  const [done, setDone] = useState<string | undefined>();
  const [failed, setFailed] = useState<AskFailed | undefined>();
  const look = danger ? "danger" : "primary";
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setFailed(undefined);
    try {
      setDone(await work(said));
      setOpen(false);
      setSaid({ confirm: "", reason: "" });
    } catch (error) {
      if (!(error instanceof AskFailed)) throw error;
      setFailed(error);
    } finally {
      setBusy(false);
    }
  };
  if (!isOpen)
    return html`<div class="confirm">
      ${done === undefined ? null : html`<p class="done" role="status">${done}</p>`}
      <button type="button" class=${danger ? look : ""} onClick=${() => setOpen(true)}>${label}…</button>
    </div>`;
  const typed = (name: "confirm" | "reason") => (event: InputEvent) =>
    setSaid({ ...said, [name]: (event.target as HTMLInputElement).value });
  return html`<form class="confirm" onSubmit=${submit}>
    <p>${what}</p>
    <label for=${`${id}-reason`}>Why, for the audit log</label>
    <input id=${`${id}-reason`} required maxlength="1000" value=${said.reason} onInput=${typed("reason")} />
    <label for=${`${id}-confirm`}>Type <code>${topology}</code> to confirm</label>
    <input id=${`${id}-confirm`} class="mono" required autocomplete="off" spellcheck=${false} value=${said.confirm} onInput=${typed("confirm")} />
    ${failed === undefined ? null : html`<${Failure} failure=${failed.failure} />`}
    <div class="buttons">
      <button type="submit" class=${look} disabled=${isBusy || said.confirm !== topology || said.reason.trim() === ""}>${label}</button>
      <button type="button" onClick=${() => setOpen(false)}>Leave it</button>
    </div>
  </form>`;
};
