/** What docs/deploy gives for Kubernetes and Slurm, held against the schemas of Kubernetes and the image's command. */
import { assert, assertEquals } from "@std/assert";
import { Deployment } from "kubernetes-models/apps/v1";
import { HorizontalPodAutoscaler } from "kubernetes-models/autoscaling/v2";
import { PodDisruptionBudget } from "kubernetes-models/policy/v1";
import { PodTemplate, Service } from "kubernetes-models/v1";
import { parseAllDocuments } from "yaml";

const root = new URL("../../../", import.meta.url).pathname;
const deploy = `${root}docs/deploy`;

/** What a class of `kubernetes-models` takes, and checks. */
type Kind = new (data: never) => { validate(): void };
const KINDS: Readonly<Record<string, { readonly kind: Kind; readonly module: string }>> = {
  Deployment: { kind: Deployment, module: "apps/v1" },
  Service: { kind: Service, module: "v1" },
  HorizontalPodAutoscaler: { kind: HorizontalPodAutoscaler, module: "autoscaling/v2" },
  PodDisruptionBudget: { kind: PodDisruptionBudget, module: "policy/v1" },
  PodTemplate: { kind: PodTemplate, module: "v1" },
};

// deno-lint-ignore no-explicit-any
type Manifest = any;

async function manifestsOf(file: string): Promise<Manifest[]> {
  return parseAllDocuments(await Deno.readTextFile(`${deploy}/${file}`), { merge: false }).map((document) => {
    assertEquals(document.errors, []);
    return document.toJS();
  });
}

/** Values against the schemas, and keys against the types made of these, as the schemas let unknown keys pass. */
async function check(manifests: readonly Manifest[]): Promise<void> {
  for (const manifest of manifests) new KINDS[manifest.kind].kind(manifest as never).validate();
  const source = manifests.map((manifest, i) => {
    const type = `import("kubernetes-models/${KINDS[manifest.kind].module}").I${manifest.kind}`;
    return `export const manifest${i}: ${type} = ${JSON.stringify(manifest, null, 1)};\n`;
  });
  const path = new URL("./deploy_manifests.tmp.ts", import.meta.url).pathname;
  try {
    await Deno.writeTextFile(path, source.join(""));
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["check", "-q", path],
      cwd: new URL(".", import.meta.url).pathname,
    }).output();
    assert(success, new TextDecoder().decode(stderr));
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("the manifests keep to the schemas of Kubernetes, as do the pods of the MPI operator's job", async () => {
  // The keys around the pods are the operator's, whose schema is not checked.
  const [job] = await manifestsOf("mpijob.yaml");
  const templates = Object.values<Manifest>(job.spec.mpiReplicaSpecs).map(({ template }) => ({
    apiVersion: "v1",
    kind: "PodTemplate",
    metadata: { name: "ranks" },
    template,
  }));
  await check([...await manifestsOf("kubernetes.yaml"), ...templates]);
});

Deno.test("a manifest with a misspelt key or a wrong value is refused", async () => {
  const [service] = await manifestsOf("kubernetes.yaml");
  const refused = async (change: Manifest) => {
    const error = await check([{ ...service, spec: { ...service.spec, ...change } }]).then(
      () => null,
      (error) => error,
    );
    assert(error instanceof Error, JSON.stringify(change));
    return error.message;
  };
  assert((await refused({ selectors: {} })).includes("selectors"));
  assert((await refused({ ports: [{ name: "http", port: "eighty" }] })).includes("port"));
});

Deno.test("both pools stand behind the service, run the image's command, and end no answer that may go on", async () => {
  const manifests = await manifestsOf("kubernetes.yaml");
  const service = manifests.find(({ kind }) => kind === "Service");
  const pools = manifests.filter(({ kind }) => kind === "Deployment");
  assertEquals(pools.map(({ metadata }) => metadata.labels.pool), ["cpu", "gpu"]);
  const dockerfile = await Deno.readTextFile(`${root}Dockerfile`);
  const command: string[] = JSON.parse(/^CMD (.*)$/m.exec(dockerfile)![1]);
  for (const { spec: { selector, template: { metadata, spec } } } of pools) {
    for (const [key, value] of Object.entries(service.spec.selector)) {
      assertEquals(metadata.labels[key], value);
    }
    assertEquals(selector.matchLabels, metadata.labels);
    const [{ args, ports, startupProbe, readinessProbe, livenessProbe, lifecycle, securityContext }] =
      spec.containers;
    assertEquals(args.slice(0, command.length), command);
    assertEquals(args.slice(command.length), ["--shutdown-limit", "60"]);
    assert(spec.terminationGracePeriodSeconds > 60 + lifecycle.preStop.sleep.seconds);
    assertEquals(ports[0].name, service.spec.ports[0].targetPort);
    for (const probe of [startupProbe, readinessProbe, livenessProbe]) {
      assertEquals(probe.httpGet, { path: "/healthz", port: "http" });
    }
    assertEquals([securityContext.readOnlyRootFilesystem, spec.securityContext.runAsNonRoot], [true, true]);
  }
  assertEquals(pools[1].spec.template.spec.containers[0].resources.limits["nvidia.com/gpu"], "1");
});

Deno.test("the jobs start tasks that there are, on as many ranks as there are machines", async () => {
  const { tasks } = JSON.parse(await Deno.readTextFile(`${root}deno.json`));
  const [{ spec }] = await manifestsOf("mpijob.yaml");
  const { Launcher, Worker } = spec.mpiReplicaSpecs;
  const [{ command }] = Launcher.template.spec.containers;
  assertEquals(command.slice(0, 5), [
    "mpiexec",
    "-n",
    `${Worker.replicas * spec.slotsPerWorker}`,
    "deno",
    "task",
  ]);
  assert(command[5] in tasks);
  const slurm = await Deno.readTextFile(`${deploy}/slurm.sh`);
  assert(/deno task (\S+)/.exec(slurm)![1] in tasks);
  assert((await new Deno.Command("bash", { args: ["-n", `${deploy}/slurm.sh`] }).output()).success);
});
