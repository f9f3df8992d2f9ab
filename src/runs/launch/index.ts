/** Running a plan's shards on other machines: what Slurm and Kubernetes need to be told. */
export { type LaunchJob, mergeResources, shardResources, shardsOf } from "./job.js";
export {
  kubernetesCommands,
  type KubernetesManifests,
  kubernetesManifests,
  type KubernetesOptions,
} from "./kubernetes.js";
export { shellCommand, shellQuote } from "./shell-quote.js";
export { slurmCommands, slurmMergeScript, type SlurmOptions, slurmScript } from "./slurm.js";
export { type Submitted, submitToSlurm } from "./sbatch.js";
