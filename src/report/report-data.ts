import type { HeadsSummary } from "../induction/heads/heads-summary.js";
import type {
  NeighboursSummary,
  PowerRow,
  PowersSummary,
  ScenarioSummary,
} from "../induction/summary.js";

/** The measured model. */
export interface ReportModel {
  readonly name: string;
  readonly layers: number;
  readonly heads: number;
  readonly dModel: number;
  /** Size of the vocabulary, tokens. */
  readonly vocabulary: number;
  /** SHA-256 of the weight file, hexadecimal. */
  readonly sha256: string;
}

/** Where and how the numbers were computed. */
export interface ReportEngine {
  /** Execution provider: `cpu`, `wasm`, `webgpu`. */
  readonly provider: string;
  /** Runtime and version. */
  readonly runtime: string;
  readonly dtype: string;
  readonly threads: number;
  /** Sequence pairs per run of the model. */
  readonly batch: number;
}

/** One option of the protocol in words. */
export interface ProtocolItem {
  readonly name: string;
  readonly value: string;
  readonly note?: string;
}

/** All that a report shows; without scenarios, powers or neighbours their sections are left out. */
export interface ReportData {
  readonly title: string;
  /** Name of the preset, where one was used. */
  readonly preset?: string;
  readonly model: ReportModel;
  readonly seed: number | string;
  /** The command that makes this report again. */
  readonly command: string;
  /** Version of this tool. */
  readonly version: string;
  readonly engine: ReportEngine;
  readonly protocol: readonly ProtocolItem[];
  /** What a reader must know first: substitutes, fallbacks, `partial: --limit 100`. */
  readonly notes: readonly string[];
  /** Tokens that each control shuffles (the post: 22); absent where controls are not shuffled. */
  readonly shuffled?: number;
  readonly scenarios?: readonly ScenarioSummary[];
  readonly powers?: PowersSummary;
  /** The tokens of the top and bottom lists, measured again on fresh sequences. */
  readonly remeasured?: readonly PowerRow[];
  readonly neighbours?: NeighboursSummary;
  /** Which heads do induction. */
  readonly heads?: HeadsSummary;
}
