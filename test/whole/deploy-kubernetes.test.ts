/** The files for Kubernetes: they fit its API and each other, and what they say of the shop is true. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { repositoryRoot } from "../../dev/stack/layout.ts";
import { stopBudgetMs } from "../../engine/app/config/engine-config.ts";
import { defaultPort } from "../../engine/app/commands/console.ts";
import { topologyNames } from "../../engine/app/define-app.ts";
import { readConfig } from "../../ops/config.ts";
import { couponIssueRequests } from "../../schemas/coupon.ts";
import { app } from "../../sluice.config.ts";
import { type KubernetesObject, objectsIn, objectsOf, problemsOf } from "../testing/kubernetes.ts";

const root = join(repositoryRoot, "deploy", "kubernetes");
const folders = ["common", "base", "apply", "autoscaling", "monitoring"] as const;
const [common = [], base = [], apply = [], autoscaling = [], monitoring = []] = folders.map((folder) =>
  objectsOf(join(root, folder)),
);
const all = [...common, ...base, ...apply, ...autoscaling, ...monitoring];

/** The parts of a workload that are looked at. Its shape was compared with the schema. */
interface Container {
  readonly args: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: object }[];
  readonly envFrom: readonly { readonly configMapRef: { readonly name: string } }[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly resources: { readonly limits: { readonly memory?: string } };
  readonly securityContext: object;
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
}
interface Pod {
  readonly serviceAccountName: string;
  readonly automountServiceAccountToken: boolean;
  readonly terminationGracePeriodSeconds: number;
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly containers: readonly [Container];
  readonly volumes: readonly { readonly name: string; readonly secret: { readonly secretName: string } }[];
}
interface Spec {
  readonly selector?: { readonly matchLabels?: Readonly<Record<string, string>> } & Readonly<Record<string, unknown>>;
  readonly template: { readonly metadata: { readonly labels: Readonly<Record<string, string>> }; readonly spec: Pod };
  readonly [field: string]: unknown;
}
const specOf = (object: KubernetesObject): Spec => object["spec"] as Spec;
const workloads = all.filter(({ kind }) => ["Deployment", "StatefulSet", "Job"].includes(kind));
const ofKind = (kind: string) => all.filter((object) => object.kind === kind);
const named = (object: KubernetesObject): string => `${object.kind} ${object.metadata.name}`;
const podsWith = (labels: Readonly<Record<string, string>>) =>
  workloads.filter((workload) =>
    Object.entries(labels).every(([name, value]) => specOf(workload).template.metadata.labels[name] === value),
  );

test("kubernetes files: fit the schemas of the API, without a field that it does not know", async () => {
  assert.equal(workloads.length, 8);
  for (const object of all) assert.deepEqual(await problemsOf(object), [], named(object));
});

test("kubernetes files: would not fit when a field were misspelt or of another type", async () => {
  const [worker] = ofKind("StatefulSet");
  assert.ok(worker);
  const spec = specOf(worker);
  assert.match(
    (await problemsOf({ ...worker, spec: { ...spec, replica: 3 } })).join(),
    /\/spec\/replica: .* no such field/,
  );
  assert.notDeepEqual(await problemsOf({ ...worker, spec: { ...spec, replicas: "three" } }), []);
  assert.notDeepEqual(await problemsOf({ ...worker, spec: { ...spec, selector: undefined } }), []);
});

test("kubernetes files: are rendered to the same objects when kubectl is there", (t) => {
  for (const [folder, objects] of [
    ["base", [...common, ...base]],
    ["apply", [...common, ...apply]],
  ] as const) {
    let text: string;
    try {
      text = execFileSync("kubectl", ["kustomize", join(root, folder)], { encoding: "utf8" });
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return t.skip("no kubectl here");
      throw error;
    }
    const rendered = objectsIn(text);
    assert.deepEqual(rendered.map(named).toSorted(), objects.map(named).toSorted());
    for (const object of rendered)
      assert.equal((object.metadata as { namespace?: string }).namespace, "sluice", named(object));
  }
});

test("kubernetes files: are all named by their kustomizations", () => {
  for (const folder of folders) {
    const text = readFileSync(join(root, folder, "kustomization.yaml"), "utf8");
    const { resources }: { readonly resources: readonly string[] } = parse(text);
    const objects = resources
      .filter((file) => file.endsWith(".yaml"))
      .flatMap((file) => objectsIn(readFileSync(join(root, folder, file), "utf8")));
    assert.deepEqual(objects.map(named).toSorted(), objectsOf(join(root, folder)).map(named).toSorted());
  }
});

test("kubernetes files: refer to what is there", () => {
  const names = (kind: string) => new Set(ofKind(kind).map(({ metadata }) => metadata.name));
  for (const workload of workloads) {
    const pod = specOf(workload).template.spec;
    const [container] = pod.containers;
    assert.ok(names("ServiceAccount").has(pod.serviceAccountName), named(workload));
    assert.ok(
      container.envFrom.every(({ configMapRef }) => names("ConfigMap").has(configMapRef.name)),
      named(workload),
    );
    assert.ok(
      container.volumeMounts.every(({ name }) => pod.volumes.some((volume) => volume.name === name)),
      named(workload),
    );
    const secrets = pod.volumes.map(({ secret }) => secret.secretName);
    assert.deepEqual(secrets, [workload.kind === "Job" ? "sluice-migration" : "sluice", "sluice-tls"], named(workload));
    if (workload.kind !== "Job") assert.deepEqual(podsWith(specOf(workload).selector?.matchLabels ?? {}), [workload]);
    if (workload.kind === "StatefulSet") assert.ok(names("Service").has(String(specOf(workload)["serviceName"])));
  }
  for (const budget of ofKind("PodDisruptionBudget"))
    assert.equal(podsWith(specOf(budget).selector?.matchLabels ?? {}).length, 1, named(budget));
  for (const service of ofKind("Service")) {
    const { selector, ports } = service["spec"] as {
      selector: Record<string, string>;
      ports: { targetPort: string }[];
    };
    const [workload, ...others] = podsWith(selector);
    assert.ok(workload !== undefined && others.length === 0, named(service));
    const offered = specOf(workload).template.spec.containers[0].ports?.map(({ name }) => name);
    for (const { targetPort } of ports) assert.ok(offered?.includes(targetPort), named(service));
  }
  for (const policy of ofKind("NetworkPolicy")) {
    const { podSelector } = policy["spec"] as { podSelector: { matchLabels: Record<string, string> } };
    assert.notEqual(podsWith(podSelector.matchLabels).length, 0, named(policy));
  }
});

interface Relabeling {
  readonly regex?: string;
  readonly targetLabel: string;
  readonly replacement?: string;
}

test("kubernetes files: give each process to Prometheus as the service that rules and dashboards know", () => {
  const [monitor] = ofKind("PodMonitor");
  assert.ok(monitor);
  const { selector, podMetricsEndpoints } = monitor["spec"] as {
    readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
    readonly podMetricsEndpoints: readonly [{ readonly port: string; readonly relabelings: readonly Relabeling[] }];
  };
  const [{ port, relabelings }] = podMetricsEndpoints;
  const scraped = podsWith(selector.matchLabels).filter((workload) =>
    specOf(workload).template.spec.containers[0].ports?.some(({ name }) => name === port),
  );
  const services = scraped.map((workload) => {
    const name = specOf(workload).template.metadata.labels["app.kubernetes.io/name"] ?? "";
    return relabelings.flatMap(({ regex, targetLabel, replacement = "$1" }) => {
      const found = regex === undefined ? null : new RegExp(`^(?:${regex})$`).exec(name);
      return targetLabel === "service" && found !== null ? [replacement.replace("$1", found[1] ?? "")] : [];
    });
  });
  // One each, and the job that deploys is not scraped.
  assert.deepEqual(services.flat().toSorted(), ["api", "console", "delivery", "history", "relay", "verify", "worker"]);
  assert.deepEqual(
    relabelings.filter(({ targetLabel }) => targetLabel === "job"),
    [{ targetLabel: "job", replacement: "sluice" }],
  );
});

test("kubernetes files: give no process more than it needs", () => {
  for (const account of ofKind("ServiceAccount")) assert.equal(account["automountServiceAccountToken"], false);
  for (const workload of workloads) {
    const pod = specOf(workload).template.spec;
    const [container, ...others] = pod.containers;
    assert.equal(others.length, 0);
    assert.equal(pod.automountServiceAccountToken, false);
    assert.equal(pod.securityContext["runAsNonRoot"], true);
    assert.deepEqual(pod.securityContext["seccompProfile"], { type: "RuntimeDefault" });
    assert.deepEqual(container.securityContext, {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
    assert.ok(container.resources.limits.memory, named(workload));
    assert.equal(
      podsWith({ "app.kubernetes.io/part-of": "sluice" }).includes(workload),
      true,
      "is under the network policy",
    );
  }
});

test("kubernetes files: configure each process as it reads its settings, with nothing missing and nothing unknown", () => {
  const [settings, ...others] = ofKind("ConfigMap");
  assert.ok(settings !== undefined && others.length === 0);
  const files: Record<string, string> = {
    "/run/secrets/sluice/kafka-username": "me",
    "/run/secrets/sluice/kafka-password": "p",
    "/run/secrets/sluice/registry-auth": "me:p",
    "/run/secrets/sluice/database-url":
      "mysql://me:p@database/shop?ssl-mode=VERIFY_IDENTITY&ssl-ca=/run/secrets/sluice-tls/ca.crt",
    "/run/secrets/sluice/redis-url": "rediss://me:p@redis/0?ssl-ca=/run/secrets/sluice-tls/ca.crt",
    "/run/secrets/sluice/token-secret": "s".repeat(32),
    "/run/secrets/sluice-tls/ca.crt": "a certificate",
  };
  const asked = new Set<string>();
  const readFile = (path: string): string => {
    asked.add(path);
    const text = files[path];
    if (text === undefined) throw new Error(`${path} is in no Secret of the page`);
    return text;
  };
  for (const workload of workloads) {
    const [container] = specOf(workload).template.spec.containers;
    const own = Object.fromEntries((container.env ?? []).map(({ name, value = "pod-0" }) => [name, value]));
    const config = readConfig({ ...(settings["data"] as Record<string, string>), ...own }, readFile);
    const { terminationGracePeriodSeconds } = specOf(workload).template.spec;
    // Ten seconds: a node needs its time to see that a process has ended.
    assert.ok(terminationGracePeriodSeconds * 1_000 >= stopBudgetMs + 10_000, named(workload));
    if (workload.kind === "StatefulSet") {
      assert.deepEqual(container.env?.[0]?.valueFrom, { fieldRef: { fieldPath: "metadata.name" } });
      assert.ok(
        config.sessionTimeoutMs >= terminationGracePeriodSeconds * 1_000,
        "a restart may take as long as a stop",
      );
    }
    const ports = Object.fromEntries((container.ports ?? []).map(({ name, containerPort }) => [name, containerPort]));
    if (workload.kind !== "Job") assert.equal(ports["health"], config.healthPort);
    if ("http" in ports) assert.equal(ports["http"], config.api.port);
  }
  assert.deepEqual([...asked].toSorted(), Object.keys(files).toSorted());
  const page = readFileSync(join(repositoryRoot, "docs", "running.md"), "utf8");
  for (const path of asked) assert.ok(page.includes(path.split("/").at(-1) ?? ""), `${path} on the page`);
});

test("kubernetes files: run every topology, the API, the relay, the console, what is applied before them and what verifies them", () => {
  const run = workloads.map((workload) => specOf(workload).template.spec.containers[0].args.join(" ")).toSorted();
  const workers = topologyNames(app).map((name) => `worker --topology ${name}`);
  assert.deepEqual(
    run,
    [
      "api",
      "console --host 0.0.0.0 --url $(CONSOLE_URL)",
      "relay",
      "topology apply --yes --actor kubernetes",
      "verify --watch",
      ...workers,
    ].toSorted(),
  );
});

interface Rule {
  readonly from?: readonly object[];
  readonly to?: readonly object[];
  readonly ports: readonly { readonly port: number }[];
}

test("kubernetes files: let the console be reached by the ingress alone, with TLS, and let it ask each process", () => {
  const console = workloads.find(({ metadata }) => metadata.name === "sluice-console") ?? assert.fail("no console");
  const [container] = specOf(console).template.spec.containers;
  const ports = Object.fromEntries((container.ports ?? []).map(({ name, containerPort }) => [name, containerPort]));
  assert.equal(ports["console"], defaultPort);
  assert.match(container.env?.find(({ name }) => name === "CONSOLE_URL")?.value ?? "", /^https:/);
  const policy = (name: string) =>
    (ofKind("NetworkPolicy").find(({ metadata }) => metadata.name === name)?.["spec"] ?? assert.fail(name)) as {
      readonly ingress: readonly Rule[];
      readonly egress: readonly Rule[];
    };
  const own = policy("sluice-console");
  const ingress = { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "ingress" } } };
  assert.deepEqual(own.ingress, [{ from: [ingress], ports: [{ protocol: "TCP", port: defaultPort }] }]);
  const all = { podSelector: { matchLabels: { "app.kubernetes.io/part-of": "sluice" } } };
  const health = [{ protocol: "TCP", port: 9_400 }];
  assert.deepEqual(own.egress, [{ to: [all], ports: health }]);
  const asking = { podSelector: { matchLabels: { "app.kubernetes.io/name": "sluice-console" } } };
  assert.deepEqual(policy("sluice").ingress.at(-1), { from: [asking], ports: health });
});

test("kubernetes files: scale what there is, by metrics that there are, and never beyond the partitions", () => {
  const metrics = readFileSync(join(repositoryRoot, "engine", "app", "metrics", "table.ts"), "utf8");
  for (const scaled of ofKind("ScaledObject")) {
    const spec = scaled["spec"] as {
      readonly scaleTargetRef: { readonly kind: string; readonly name: string };
      readonly maxReplicaCount: number;
      readonly triggers: readonly { readonly metadata: { readonly query: string } }[];
    };
    const { kind, name } = spec.scaleTargetRef;
    assert.ok(workloads.some((workload) => named(workload) === `${kind} ${name}`));
    assert.equal(spec.maxReplicaCount, couponIssueRequests.partitions);
    for (const { metadata } of spec.triggers)
      for (const [metric] of metadata.query.matchAll(/sluice_[a-z_]+/g))
        assert.ok(metrics.includes(`"${metric.replace(/_(sum|count|bucket)$/, "")}"`), metric);
  }
});
