import { nearestNames } from "../nearest.js";

/** One token of a model card: its id, and its text for people. */
export interface CardToken {
  readonly id: number;
  readonly text: string;
}

/** What the lab knows about a model by name: the parts of its model card that the protocol needs. */
export interface KnownModel {
  readonly name: string;
  /** One line for people. */
  readonly description: string;
  /** The token that starts every sequence, if `prepend`, as in the model's training. */
  readonly bos: { readonly id: number; readonly prepend: boolean };
  /** Lowest token id that the protocol draws at random. */
  readonly lowestId: number;
  /** Highest token id that the protocol draws at random: never past the tokenizer's last. */
  readonly highestId: number;
  /** Ids whose powers are measured, both ends included. */
  readonly powersRange: { readonly from: number; readonly to: number };
  /** What stands for the post's A = `" Fab"` and B = `"ien"`, which are not in this vocabulary. */
  readonly substitutes: { readonly a: CardToken; readonly b: CardToken };
}

/** The models that can be loaded by name. The facts are those of each model's README. */
export const knownModels: readonly KnownModel[] = [
  {
    name: "attn-only-2l-mini",
    description: "2 layers, 8 heads of 32, attention only, vocabulary 8,192; ships with the lab",
    bos: { id: 1, prepend: true },
    lowestId: 3,
    highestId: 8191,
    powersRange: { from: 3, to: 8191 },
    substitutes: { a: { id: 1850, text: " Mar" }, b: { id: 1829, text: "ius" } },
  },
];

/** The card of a model, or null if the name is not known. */
export function findKnownModel(name: string): KnownModel | null {
  return knownModels.find((model) => model.name === name) ?? null;
}

/** Names of known models that `name` may have meant, nearest first. */
export function nearestKnownModels(name: string): string[] {
  return nearestNames(
    name,
    knownModels.map((model) => model.name),
  );
}
