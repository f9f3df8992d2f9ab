// Types only: the package itself needs no Kubernetes client.
import type { V1Container, V1Job, V1JobSpec, V1PodSpec } from "@kubernetes/client-node";
import { dirname } from "node:path";
import { LabError } from "../../errors.js";
import { checkJob, type LaunchJob, mergeResources, type Resources, shardResources } from "./job.js";
import { shellQuote } from "./shell-quote.js";

/** Where the pods of a job run. */
export interface KubernetesOptions {
  /** An image in which the job's program runs. */
  readonly image: string;
  /** A volume claim that many pods may write at once; its root is the parent of the run's folder. */
  readonly claim: string;
  readonly namespace?: string;
}

/** Two manifests, as JSON text for `kubectl apply -f`. */
export interface KubernetesManifests {
  /** An Indexed Job, whose pods are the shards. */
  readonly shards: string;
  /** The Job that merges; to be applied when the first is complete. */
  readonly merge: string;
}

/** Seconds between SIGTERM and SIGKILL: more than a block takes. */
const graceSeconds = 120;

/**
 * How often a shard may fail of itself. The pauses double from 10 s: with six, a pod still comes after the
 * two minutes for which the lock of one that vanished is respected.
 */
const retries = 6;

/**
 * Manifests of a job's shards and of the merge after them.
 *
 * Pods that a cluster takes away (a drained node, preemption) and programs that stopped at SIGTERM
 * (exit code 75) are replaced without being counted as failures; a wrong command line (2) fails at once.
 *
 * @throws LabError (exit code 2) for a path that no volume can be mounted at.
 */
export function kubernetesManifests(
  job: LaunchJob,
  { image, claim, namespace }: KubernetesOptions,
): KubernetesManifests {
  checkJob(job);
  const mount = dirname(job.dir);
  if (mount === "/" || mount.includes(":")) {
    throw new LabError(`submit: expected a run in a folder to mount, got ${job.dir}`, {
      hint: "put it a folder deeper, such as /work/runs/mine, and leave out colons",
      exitCode: 2,
    });
  }
  const container = (call: readonly string[], resources: Resources): V1Container => ({
    name: containerName,
    image,
    // Directly, without a shell: SIGTERM goes to the first process alone.
    command: call.map(escaped),
    workingDir: mount,
    resources: {
      requests: { cpu: String(resources.cpus), memory: `${resources.mebibytes}Mi` },
      limits: { memory: `${resources.mebibytes}Mi` },
    },
    volumeMounts: [{ name: "runs", mountPath: mount }],
  });
  const pod = (content: V1Container): { spec: V1PodSpec } => ({
    spec: {
      restartPolicy: "Never",
      terminationGracePeriodSeconds: graceSeconds,
      containers: [content],
      volumes: [{ name: "runs", persistentVolumeClaim: { claimName: claim } }],
    },
  });
  const manifest = (name: string, spec: V1JobSpec): V1Job => ({
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: {
      name,
      ...(namespace !== undefined && { namespace }),
      annotations: { "induction-lab/command": job.command },
    },
    spec,
  });
  const { shards, parallel } = job;
  const [name, mergeName] = kubernetesNames(job);
  const measure = container([...job.program, ...job.args, "--shard"], shardResources(job));
  const merge = container([...job.program, "merge", job.dir], mergeResources(job));
  return {
    shards: text(
      manifest(name, {
        completionMode: "Indexed",
        completions: shards,
        parallelism: Math.min(shards, parallel ?? shards),
        backoffLimitPerIndex: retries,
        podFailurePolicy,
        template: pod({
          ...measure,
          // Kubernetes itself sets JOB_COMPLETION_INDEX; nothing in a pod says how many there are.
          env: [{ name: "JOB_COMPLETIONS", value: String(shards) }],
        }),
      }),
    ),
    merge: text(
      manifest(mergeName, { backoffLimit: retries, podFailurePolicy, template: pod(merge) }),
    ),
  };
}

/** The names of a job's two Jobs: what Kubernetes allows, with room for a pod's index behind it. */
export function kubernetesNames({ name }: LaunchJob): [shards: string, merge: string] {
  const cut = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 45)
    .replace(/^-+|-+$/g, "");
  const base = /^[a-z]/.test(cut) ? cut : `run-${cut}`.replace(/-$/, "");
  return [base, `${base}-merge`];
}

/** The commands that start both Jobs; Kubernetes itself has no order between Jobs. */
export function kubernetesCommands(job: LaunchJob, namespace?: string): [string, string, string] {
  const [name] = kubernetesNames(job);
  const at = namespace === undefined ? "" : ` -n ${shellQuote(namespace)}`;
  return [
    `kubectl apply -f ${shellQuote(`${job.dir}/k8s/shards.json`)}`,
    `kubectl wait${at} --for=condition=complete --timeout=-1s job/${name} &&`,
    `kubectl apply -f ${shellQuote(`${job.dir}/k8s/merge.json`)}`,
  ];
}

const containerName = "induction";

const podFailurePolicy = {
  rules: [
    { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
    { action: "Ignore", onExitCodes: { containerName, operator: "In", values: [75] } },
    { action: "FailJob", onExitCodes: { containerName, operator: "In", values: [2, 3] } },
  ],
} satisfies V1JobSpec["podFailurePolicy"];

/** A word as Kubernetes gives it on: it would put the value of a variable in place of `$(NAME)`. */
function escaped(word: string): string {
  return word.replaceAll("$", "$$$$");
}

function text(manifest: V1Job): string {
  return `${JSON.stringify(manifest, null, 2)}\n`;
}
