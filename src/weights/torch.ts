// TEMPORARY placeholder of the founding engineer: the helper that writes the torch reader overwrites this file.
import { LabError } from "../errors.js";
import type { ByteSource } from "./byte-source.js";
import type { WeightSource } from "./weight-source.js";

/** Opens a torch checkpoint: not read yet. */
export function openTorch(source: ByteSource): Promise<WeightSource> {
  return Promise.reject(
    new LabError(`${source.where}: expected model.safetensors, got a torch checkpoint`),
  );
}
