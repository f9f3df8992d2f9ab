/** One token of a model card: its id, and its text for people. */
export interface CardToken {
  readonly id: number;
  readonly text: string;
}

/** The form of a model, under TransformerLens's names of the sizes. */
export interface Architecture {
  readonly layers: number;
  readonly heads: number;
  readonly dModel: number;
  readonly dHead: number;
  /** Width of the MLP layers; `null` for a model of attention only. */
  readonly dMlp: number | null;
  /** The longest sequence, in tokens. */
  readonly nCtx: number;
  readonly dVocab: number;
  /** Of the MLP layers; `null` without them. */
  readonly actFn: "gelu" | "gelu_new" | "solu_ln" | null;
  readonly normalization: "LN" | "LNPre" | null;
  readonly positions: "standard" | "shortformer" | "rotary";
  /** Whether the MLP reads what the attention reads. */
  readonly parallel: boolean;
  /** W_U: a matrix of its own with or without a bias, or W_E transposed. */
  readonly unembedding: "biased" | "unbiased" | "tied";
}

/** How training checkpoints are published: files of one revision, or one branch each. */
export type CheckpointLayout = "nanda" | "pythia";

/** What the lab knows about a model by name: what it is, where its files are, what the protocol needs. */
export interface KnownModel {
  /** TransformerLens's name of it. */
  readonly name: string;
  /** Other names of TransformerLens for the same model. */
  readonly aliases: readonly string[];
  /** One line for people. */
  readonly description: string;
  /** `owner/name` on the hub; `null` for a model that ships inside the package. */
  readonly repo: string | null;
  /** Where tokenizer.json is; `null` if beside the weights. */
  readonly tokenizerRepo: string | null;
  /** The token that starts every sequence. */
  readonly bos: {
    /** `null`: the one that tokenizer_config.json names. */
    readonly id: number | null;
    /** Whether TransformerLens 2.x puts it in front by default. */
    readonly prepend: boolean;
    /** What to know before comparing numbers. */
    readonly note?: string;
  };
  /** Lowest token id that the protocol draws at random. */
  readonly lowestId: number;
  /** Highest token id that the protocol draws at random: never past the tokenizer's last. */
  readonly highestId: number;
  /** Ids whose powers are measured, both ends included. */
  readonly powersRange: { readonly from: number; readonly to: number };
  /** What stands for the post's A = `" Fab"` and B = `"ien"`, where they are not in the vocabulary. */
  readonly substitutes?: { readonly a: CardToken; readonly b: CardToken };
  readonly architecture: Architecture;
  /** How its training checkpoints are published; `null` if there are none. */
  readonly checkpoints: CheckpointLayout | null;
}

/** The powers that are measured by default: as many tokens as the post measured, from the lowest id up. */
export function powersFrom(lowestId: number): { readonly from: number; readonly to: number } {
  return { from: lowestId, to: lowestId + 9999 };
}
