import { usageError } from "../errors.js";
import type { Feed, FloatTensor, Tensor } from "../graph/index.js";
import type { Model, TokenInput } from "../model/index.js";
import { replace } from "./feeds.js";
import { checkHead, type Head, headName } from "./heads.js";
import type { Metric } from "./metric.js";
import { oneSequence } from "./sequences.js";

/** Where a path ends: an input of a head, or the residual stream before the unembedding. */
export type Receiver = (Head & { readonly input: "q" | "k" | "v" }) | "final";

/** One path patching experiment. */
export interface PathPatchingOptions {
  readonly clean: TokenInput | readonly number[];
  readonly corrupted: TokenInput | readonly number[];
  readonly metric: Metric;
  /** The head whose clean output travels along the path. */
  readonly sender: Head;
  readonly receivers: readonly Receiver[];
  /** Whether what the sender changes may pass through MLP layers on its way. Not unless told. */
  readonly throughMlps?: boolean;
}

/** The metric with and without the path's patch. */
export interface PathPatch {
  readonly clean: number;
  readonly corrupted: number;
  /** The corrupted run in which the receivers read the sender's clean output. */
  readonly patched: number;
}

/**
 * Path patching: how much the direct path from one head to some inputs matters. The sender's clean
 * output is put into the corrupted run while every other later head (and MLP, unless told) keeps its
 * corrupted output; what then reaches the receivers is put into a second corrupted run. Definition:
 * Wang et al., "Interpretability in the Wild", 2022, and Goldowsky-Dill et al., "Localizing Model
 * Behavior with Path Patching", 2023.
 *
 * @throws LabError of wrong usage if a receiver does not come after the sender.
 */
export async function pathPatching(
  model: Model,
  { metric, sender, receivers, throughMlps = false, ...runs }: PathPatchingOptions,
): Promise<PathPatch> {
  const { config } = model;
  checkHead(sender, config);
  for (const receiver of receivers) {
    if (receiver === "final" || checkHead(receiver, config).layer > sender.layer) continue;
    throw usageError(
      `pathPatching: expected receivers in layers after ${headName(sender)}, got ${headName(receiver)}`,
    );
  }
  if (receivers.length === 0) throw usageError("pathPatching: expected receivers, got none");
  const clean = oneSequence(runs.clean, "clean");
  const corrupted = oneSequence(runs.corrupted, "corrupted");
  const z = (layer: number) => `blocks.${layer}.attn.hook_z`;
  const after = Array.from({ length: config.nLayers - sender.layer }, (_, i) => sender.layer + i);
  const frozen = after.map(z);
  if (config.mlp !== null && !throughMlps) {
    frozen.push(...after.map((layer) => `blocks.${layer}.hook_mlp_out`));
  }
  const from = z(sender.layer);

  const cleanRun = await model.run([clean], {
    fetch: [...metric.fetch, from],
    feed: metric.feed(1),
  });
  const corruptedRun = await model.run([corrupted], {
    fetch: [...metric.fetch, ...frozen],
    feed: metric.feed(1),
  });
  const feed: Record<string, Feed> = {};
  for (const name of frozen) feed[name] = corruptedRun[name] as Tensor;
  // The sender's own layer keeps its other heads as they are anyway: nothing before them is changed.
  feed[from] = replace(cleanRun[from] as FloatTensor, { heads: [sender.head] });

  const inputs = receivers.map((receiver) =>
    receiver === "final"
      ? { name: `blocks.${config.nLayers - 1}.hook_resid_post`, heads: undefined }
      : { name: `blocks.${receiver.layer}.attn.hook_${receiver.input}`, heads: receiver.head },
  );
  const names = [...new Set(inputs.map(({ name }) => name))];
  const carried = await model.run([corrupted], { fetch: names, feed });
  const received: Record<string, Feed> = {};
  for (const name of names) {
    const heads = inputs.flatMap((to) =>
      to.name === name && to.heads !== undefined ? to.heads : [],
    );
    received[name] = replace(carried[name] as FloatTensor, heads.length > 0 ? { heads } : {});
  }
  const patchedRun = await model.run([corrupted], {
    fetch: metric.fetch,
    feed: { ...metric.feed(1), ...received },
  });
  const value = (fetched: Record<string, Tensor>) => metric.values(fetched)[0] as number;
  return { clean: value(cleanRun), corrupted: value(corruptedRun), patched: value(patchedRun) };
}
