import type { V1Job } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";
import { kubernetesNames } from "../../src/runs/launch/kubernetes.js";
import {
  kubernetesCommands,
  kubernetesManifests,
  type LaunchJob,
} from "../../src/runs/launch/index.js";

const job: LaunchJob = {
  name: "induction-My Sweep",
  dir: "/data/runs/My Sweep",
  cwd: "/data",
  program: ["induction"],
  args: ["run", "sweep", "--a", "$(HOME) $x", "-o", "/data/runs/My Sweep"],
  shards: 64,
  parallel: 16,
  secondsPerShard: 3600,
  mergeSeconds: 20,
  memoryBytes: 800 * 2 ** 20,
  cpus: 2,
  command: "induction submit sweep --k8s",
};
const options = { image: "lab:1", claim: "runs", namespace: "me" };
const parse = (text: string) => JSON.parse(text) as V1Job;

describe("the manifests", () => {
  const shards = parse(kubernetesManifests(job, options).shards);
  const merge = parse(kubernetesManifests(job, options).merge);
  const container = shards.spec?.template.spec?.containers[0];

  it("are an Indexed Job of all shards, of which some run at once", () => {
    expect(shards).toMatchObject({
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: { name: "induction-my-sweep", namespace: "me" },
      spec: { completionMode: "Indexed", completions: 64, parallelism: 16 },
    });
    expect(
      parse(kubernetesManifests({ ...job, parallel: null }, options).shards).spec,
    ).toMatchObject({ parallelism: 64 });
  });

  it("call the program itself, with words that Kubernetes does not fill in", () => {
    expect(container?.command).toEqual([
      ...["induction", "run", "sweep", "--a", "$$(HOME) $$x", "-o", "/data/runs/My Sweep"],
      "--shard",
    ]);
    expect(container?.env).toEqual([{ name: "JOB_COMPLETIONS", value: "64" }]);
    expect(merge.spec?.template.spec?.containers[0]?.command).toEqual([
      ...["induction", "merge", "/data/runs/My Sweep"],
    ]);
  });

  it("mount the claim where the run's folder has its parent, under the same path", () => {
    expect(container?.volumeMounts).toEqual([{ name: "runs", mountPath: "/data/runs" }]);
    expect(shards.spec?.template.spec?.volumes).toEqual([
      { name: "runs", persistentVolumeClaim: { claimName: "runs" } },
    ]);
  });

  it("ask for what the plan forecasts, and give a block time to end", () => {
    expect(container?.resources).toEqual({
      requests: { cpu: "2", memory: "1280Mi" },
      limits: { memory: "1280Mi" },
    });
    expect(shards.spec?.template.spec).toMatchObject({
      restartPolicy: "Never",
      terminationGracePeriodSeconds: 120,
    });
  });

  it("do not count a pod that was taken away or stopped, and end at once on a wrong command", () => {
    expect(
      shards.spec?.podFailurePolicy?.rules.map(({ action, onExitCodes }) => [
        action,
        onExitCodes?.values,
      ]),
    ).toEqual([
      ["Ignore", undefined],
      ["Ignore", [75]],
      ["FailJob", [2, 3]],
    ]);
    for (const { onExitCodes } of shards.spec?.podFailurePolicy?.rules ?? []) {
      if (onExitCodes !== undefined) expect(onExitCodes.containerName).toBe(container?.name);
    }
  });

  it("are started one after the other", () => {
    expect(kubernetesCommands(job, "me")).toEqual([
      "kubectl apply -f '/data/runs/My Sweep/k8s/shards.json'",
      "kubectl wait -n me --for=condition=complete --timeout=-1s job/induction-my-sweep &&",
      "kubectl apply -f '/data/runs/My Sweep/k8s/merge.json'",
    ]);
  });

  it("refuse a folder that nothing can be mounted for", () => {
    expect(() => kubernetesManifests({ ...job, dir: "/sweep" }, options)).toThrow(
      /a folder deeper|folder to mount/,
    );
  });
});

describe("names", () => {
  it.each(["induction-A_b.c", "  ", "2024", "x".repeat(200), "-a-", "é"])(
    "of %j are such as Kubernetes allows, with room for an index",
    (name) => {
      for (const made of kubernetesNames({ ...job, name })) {
        expect(made).toMatch(/^[a-z]([a-z0-9-]*[a-z0-9])?$/);
        expect(made.length).toBeLessThanOrEqual(57);
      }
    },
  );
});
