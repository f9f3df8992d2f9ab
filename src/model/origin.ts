/** Which version of which repository files come from. */
export interface ModelOrigin {
  /** `owner/name` on the hub. */
  readonly repo: string;
  /** The revision as it was asked for, such as `main`. */
  readonly revision: string;
  /** The commit that it meant: 40 hexadecimal digits. */
  readonly commit: string;
  /** The training checkpoint, or `null` for the final weights. */
  readonly checkpoint: { readonly label: number; readonly unit: "steps" | "tokens" } | null;
}
