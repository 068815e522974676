/** Every rule file, as a value and as the text that is committed. Pure. */
import { stringify } from "yaml";
import { objectiveGroups } from "./objective-rules.ts";
import { objectives } from "./objectives.ts";
import { platformAlertGroups } from "./platform-alerts.ts";
import { recordingGroups } from "./recording.ts";
import { type AlertRule, documentOf, type RecordingRule, type RuleGroup } from "./rule.ts";
import { shopAlertGroups } from "./shop-alerts.ts";

/** The folder that Prometheus reads its rules from. */
export const rulesFolder = "deploy/monitoring/prometheus/rules";

/** The folder that Prometheus' operator is given them from. */
const operatorFolder = "deploy/kubernetes/monitoring";

/** The groups of each file, by its name. */
export const ruleFiles: Readonly<Record<string, readonly RuleGroup[]>> = {
  "sluice-recording.yml": recordingGroups,
  "sluice-objectives.yml": objectives.flatMap(objectiveGroups),
  "sluice-alerts.yml": shopAlertGroups,
  "platform-alerts.yml": platformAlertGroups,
};

const rules: readonly (RecordingRule | AlertRule)[] = Object.values(ruleFiles).flatMap((groups) =>
  groups.flatMap((group) => group.rules),
);

/** Every alert. Some have one name and several severities. */
export const alerts: readonly AlertRule[] = rules.filter((rule) => "alert" in rule);

/** Every recording rule. */
export const recordings: readonly RecordingRule[] = rules.filter((rule) => "record" in rule);

const head = "# Made from dev/monitoring/rules by `npm run reference`; a test compares the two.\n";

const textOf = (document: object): string => head + stringify(document, { lineWidth: 0, aliasDuplicateObjects: false });

/** The text of each file, by its path from the root of the repository: for Prometheus, and for its operator. */
export const ruleTexts: Readonly<Record<string, () => string>> = Object.fromEntries(
  Object.entries(ruleFiles).flatMap(([name, groups]) => [
    [`${rulesFolder}/${name}`, () => textOf(documentOf(groups))],
    [`${operatorFolder}/${name.replace(/yml$/, "yaml")}`, () => textOf(operatorRule(name, groups))],
  ]),
);

const operatorRule = (name: string, groups: readonly RuleGroup[]) => ({
  apiVersion: "monitoring.coreos.com/v1",
  kind: "PrometheusRule",
  metadata: { name: name.replace(/\.yml$/, ""), labels: { "app.kubernetes.io/part-of": "sluice" } },
  spec: documentOf(groups),
});
