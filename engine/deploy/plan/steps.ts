/** The order in which a plan is carried out. Every step is idempotent, so one that was cut off is done again. Pure. */
import type { Action, Plan } from "./change.ts";

/** Tables first, because the operation is written into them; the deployment last, because it is the commit. */
const order: readonly Action["does"][] = [
  "migrate",
  "createTopic",
  "addPartitions",
  "registerSubject",
  "alterSettings",
  "recordDeployment",
];

/**
 * The steps of a plan, in order; none where there are no changes. Settings of one topic are one step. Where deployments are
 * recorded, a plan with changes always ends by that: until it is done new workers refuse to start.
 */
export const stepsOf = ({ changes, recorded }: Pick<Plan, "changes" | "recorded">): readonly Action[] => {
  if (changes.length === 0) return [];
  const actions = changes.map(({ action }) => action);
  const settings = new Map<string, Extract<Action, { does: "alterSettings" }>>();
  for (const action of actions) {
    if (action.does !== "alterSettings") continue;
    const before = settings.get(action.topic);
    settings.set(action.topic, {
      ...action,
      set: { ...before?.set, ...action.set },
      reset: [...(before?.reset ?? []), ...action.reset],
    });
  }
  const others = actions.filter(({ does }) => does !== "alterSettings" && does !== "recordDeployment");
  const last: readonly Action[] = recorded ? [{ does: "recordDeployment" }] : [];
  const all: readonly Action[] = [...others, ...settings.values(), ...last];
  return all.toSorted((a, b) => order.indexOf(a.does) - order.indexOf(b.does));
};

/** A step in words. */
export const stepText = (step: Action): string => {
  switch (step.does) {
    case "migrate":
      return `tables: ${step.migrations.join(", ")}`;
    case "createTopic":
      return `topic ${step.topic}: ${step.partitions} partitions`;
    case "addPartitions":
      return `topic ${step.topic}: up to ${step.partitions} partitions`;
    case "registerSubject":
      return `subject ${step.subject}`;
    case "alterSettings":
      return `settings of ${step.topic}: ${[...Object.keys(step.set), ...step.reset].join(", ")}`;
    case "recordDeployment":
      return "deployment";
  }
};
