/**
 * Judges Kubernetes objects by the schemas of its API, offline. The schemas take fields they do not know; a misspelt one is
 * found by handing the object over with every read of it watched: what the schema never looked at, it does not know.
 */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseAllDocuments } from "yaml";
import { repositoryRoot } from "../../dev/stack/layout.ts";

/** Anything of Kubernetes. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly [field: string]: unknown;
}

type Validate = ((data: unknown) => boolean) & { readonly errors?: readonly object[] | null };

/** What is wrong with an object; empty where nothing is. @throws Error where its kind is not known here. */
export const problemsOf = async (object: KubernetesObject): Promise<readonly string[]> => {
  const validate = await schemaOf(object);
  const read = new Set<string>();
  const fits = validate(watched(object, "", read));
  const unknown = leavesOf(object, "").filter((path) => !read.has(path));
  return [
    ...(fits ? [] : (validate.errors ?? []).map((error) => JSON.stringify(error))),
    ...unknown.map((path) => `${path}: the schema of ${object.kind} has no such field`),
  ];
};

const schemaOf = async ({ apiVersion, kind }: KubernetesObject): Promise<Validate> => {
  const [group = "", version] = apiVersion.includes("/") ? apiVersion.split("/") : ["core", apiVersion];
  const title = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);
  const kubernetes = `kubernetes-models/_schemas/IoK8sApi${title(group.replace(".k8s.io", ""))}${title(version ?? "")}${kind}`;
  const others: Readonly<Record<string, string>> = {
    "keda.sh": `@kubernetes-models/keda/_schemas/ComGithubKedacoreKedaV2ApisKedaV1alpha1${kind}`,
    "monitoring.coreos.com": `@kubernetes-models/prometheus-operator/_schemas/ComGithubPrometheusOperatorPrometheusOperatorPkgApisMonitoringV1${kind}`,
  };
  // By file: not all of what a package's own classes import is exported to others. Each module has this one export.
  const file = join(repositoryRoot, "node_modules", `${others[group] ?? kubernetes}.js`);
  const module = (await import(pathToFileURL(file).href)) as { readonly validate: Validate };
  return module.validate;
};

/** A view of a value that notes the path of each property that is read. */
const watched = (value: unknown, path: string, read: Set<string>): unknown =>
  typeof value !== "object" || value === null
    ? value
    : new Proxy(value, {
        get: (target, name) => {
          const at = `${path}/${String(name)}`;
          read.add(at);
          return watched(Reflect.get(target, name), at, read);
        },
      });

/** Every path at which a value is neither a list nor an object with something in it. */
const leavesOf = (value: unknown, path: string): readonly string[] =>
  typeof value === "object" && value !== null && Object.keys(value).length > 0
    ? Object.entries(value).flatMap(([name, part]) => leavesOf(part, `${path}/${name}`))
    : [path];

/** The objects of YAML text. @throws Error where it is no YAML, or of a duplicate key. */
export const objectsIn = (text: string): readonly KubernetesObject[] =>
  // Kubernetes reads YAML 1.1, in which `no` and 0440 are something else.
  parseAllDocuments(text, { version: "1.1" }).map((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw error;
    return document.toJS() as KubernetesObject;
  });

/** The objects of all files of a folder but the kustomization. */
export const objectsOf = (folder: string): readonly KubernetesObject[] =>
  readdirSync(folder)
    .filter((file) => file !== "kustomization.yaml")
    .toSorted()
    .flatMap((file) => objectsIn(readFileSync(join(folder, file), "utf8")));
