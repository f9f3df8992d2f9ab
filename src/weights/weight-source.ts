import type { FloatTensor } from "../graph/tensor.js";

/** Named tensors of a model's weight files, decoded one by one as they are asked for. */
export interface WeightSource {
  /** The file or files, as they are named in errors. */
  readonly where: string;
  /** Names of all tensors, as the files call them. */
  readonly names: ReadonlySet<string>;

  /**
   * The shape of a tensor, known without reading its numbers.
   *
   * @throws LabError if there is no such tensor.
   */
  shape(name: string): readonly number[];

  /**
   * The numbers of a tensor, in memory of their own that the caller may change: F16 and BF16 as
   * float32, others as float32 or float64.
   *
   * @throws LabError if there is no such tensor, if it does not hold floating-point numbers, or if
   * they cannot be read.
   */
  float(name: string): Promise<FloatTensor>;

  /** Lets the files go. */
  close(): Promise<void>;
}
