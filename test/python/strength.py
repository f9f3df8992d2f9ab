"""Induction strength from token ids and weights alone: PyTorch and nothing of ours.

    python3 strength.py MODEL_FOLDER SEQUENCES.json

Reads what `induction sequences ... -o SEQUENCES.json` wrote and prints, as JSON, mean and standard error of
the strength of each unit, and the mean log-odds of both members, in nats. float64.
"""

import json
import math
import struct
import sys

import torch


def load_safetensors(path):
    with open(path, "rb") as f:
        (size,) = struct.unpack("<Q", f.read(8))
        header = json.loads(f.read(size))
        data = f.read()
    dtypes = {"F16": torch.float16, "F32": torch.float32, "BF16": torch.bfloat16}
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        flat = torch.frombuffer(bytearray(data[begin:end]), dtype=dtypes[entry["dtype"]])
        tensors[name] = flat.reshape(entry["shape"]).double()
    return tensors


def layer_norm(x, w, b, eps=1e-5):
    c = x - x.mean(-1, keepdim=True)
    return c / (c.pow(2).mean(-1, keepdim=True) + eps).sqrt() * w + b


def last_logits(p, config, ids):
    length = ids.shape[1]
    x = p["embed.W_E"][ids] + p["pos_embed.W_pos"][:length]
    mask = torch.ones(length, length).triu(1).bool()
    for layer in range(config["n_layers"]):
        w = {k: p[f"blocks.{layer}.attn.{k}"] for k in ("W_Q", "b_Q", "W_K", "b_K", "W_V", "b_V", "W_O", "b_O")}
        y = layer_norm(x, p[f"blocks.{layer}.ln1.w"], p[f"blocks.{layer}.ln1.b"])
        q, k, v = (torch.einsum("bpd,hde->bphe", y, w[f"W_{c}"]) + w[f"b_{c}"] for c in "QKV")
        scores = torch.einsum("bqhe,bkhe->bhqk", q, k) / math.sqrt(config["d_head"])
        pattern = scores.masked_fill(mask, -math.inf).softmax(-1)
        z = torch.einsum("bhqk,bkhe->bqhe", pattern, v)
        x = x + torch.einsum("bqhe,hed->bqd", z, w["W_O"]) + w["b_O"]
    return layer_norm(x[:, -1], p["ln_final.w"], p["ln_final.b"]) @ p["unembed.W_U"] + p["unembed.b_U"]


def log_odds(p, config, ids, b):
    rows = []
    for chunk in torch.tensor(ids).split(64):
        rows.append(last_logits(p, config, chunk).log_softmax(-1))
    target = torch.as_tensor(b).expand(len(ids))
    l = torch.cat(rows)[torch.arange(len(ids)), target]
    return l - torch.log1p(-l.exp())


def main(folder, path):
    with open(f"{folder}/config.json") as f:
        config = json.load(f)
    p = load_safetensors(f"{folder}/model.safetensors")
    p.setdefault("unembed.b_U", torch.zeros(config["d_vocab"]).double())
    with open(path) as f:
        units = json.load(f)["units"]
    results = []
    for unit in units:
        induction = log_odds(p, config, unit["induction"], unit["b"])
        control = log_odds(p, config, unit["control"], unit["b"])
        s = induction - control
        results.append({
            "mean": s.mean().item(),
            "se": (s.std() / len(s) ** 0.5).item(),
            "induction": induction.mean().item(),
            "control": control.mean().item(),
        })
    print(json.dumps(results))


if __name__ == "__main__":
    with torch.no_grad():
        main(*sys.argv[1:])
