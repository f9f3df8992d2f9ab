import { describe, expect, it } from "vitest";
import { fullName } from "../../src/lens/shorthand.js";
import { positionRange } from "../../src/model/index.js";

describe("short names of hook points", () => {
  it.each([
    [["pattern", 1], "blocks.1.attn.hook_pattern"],
    [["attn", 1], "blocks.1.attn.hook_pattern"],
    [["attn_logits", 0], "blocks.0.attn.hook_attn_scores"],
    [["scores", 0], "blocks.0.attn.hook_attn_scores"],
    [["q", 2], "blocks.2.attn.hook_q"],
    [["key", 2], "blocks.2.attn.hook_k"],
    [["rot_q", 2], "blocks.2.attn.hook_rot_q"],
    [["z", 11], "blocks.11.attn.hook_z"],
    [["result", 0], "blocks.0.attn.hook_result"],
    [["resid_pre", 0], "blocks.0.hook_resid_pre"],
    [["resid_mid", 0], "blocks.0.hook_resid_mid"],
    [["attn_out", 0], "blocks.0.hook_attn_out"],
    [["mlp_out", 0], "blocks.0.hook_mlp_out"],
    [["q_input", 0], "blocks.0.hook_q_input"],
    [["pre", 3], "blocks.3.mlp.hook_pre"],
    [["mlp_post", 3], "blocks.3.mlp.hook_post"],
    [["mid", 3], "blocks.3.mlp.hook_mid"],
    [["scale"], "ln_final.hook_scale"],
    [["normalized"], "ln_final.hook_normalized"],
    [["scale", 4], "blocks.4.ln1.hook_scale"],
    [["normalized", 4, "ln2"], "blocks.4.ln2.hook_normalized"],
    [["scale", 4, "ln"], "blocks.4.mlp.ln.hook_scale"],
    [["embed"], "hook_embed"],
    [["pos_embed"], "hook_pos_embed"],
    [["k6"], "blocks.6.attn.hook_k"],
    [["scale4ln1"], "blocks.4.ln1.hook_scale"],
    [["scale4ln2"], "blocks.4.ln2.hook_scale"],
    [["resid_pre10"], "blocks.10.hook_resid_pre"],
    [["hook_embed"], "hook_embed"],
    [["blocks.0.attn.hook_z"], "blocks.0.attn.hook_z"],
    [["loss"], "loss"],
    [["logits"], "logits"],
    [["loss_per_token"], "loss_per_token"],
  ] as [Parameters<typeof fullName>, string][])("%j", (short, full) => {
    expect(fullName(...short)).toBe(full);
  });
});

describe("positions", () => {
  it("one, a range, or all", () => {
    expect(positionRange(11, [0, 12], "run")).toEqual([11, 12]);
    expect(positionRange([3, 6], [0, 12], "run")).toEqual([3, 6]);
    expect(positionRange(undefined, [4, 12], "cache")).toEqual([4, 12]);
    expect(positionRange(4, [4, 12], "cache")).toEqual([4, 5]);
  });

  it.each([[12], [-1], [1.5], [[3, 3]], [[5, 13]], [[6, 3]], [NaN]] as [
    number | [number, number],
  ][])("%j is refused", (positions) => {
    expect(() => positionRange(positions, [0, 12], "run")).toThrow(
      /^run: expected positions of 0 to 11, got /,
    );
  });

  it("what is not cached is refused by the numbers of the sequence", () => {
    expect(() => positionRange(3, [4, 12], "cache")).toThrow("positions of 4 to 11, got 3");
  });
});
