"""The peers of `npm run bench`, in PyTorch: ours, written plainly, for models of attention only.

Reads one JSON request per line and answers each with one line:

    {"op": "load", "dir": DIR}                              -> {"torch", "blas", "threads"}
    {"op": "odds", "path", "batch", "tokens", "targets"}    -> {"odds", "cpu", "wall"}
    {"op": "gemm", "n", "repeats"}                          -> {"cpu", "wall"}

`path` is `all`, which unembeds every position as the 2023 post's code does, or `last`, which takes the
residual stream of the last position before the final norm and unembeds that alone. `cpu` is the user and system time of
this process in seconds, all threads together, and `wall` the time of the clock. The number of threads
is the one argument; whoever starts this also sets OMP_NUM_THREADS and OPENBLAS_NUM_THREADS, which
PyTorch does not pass on to OpenBLAS.
"""

import ctypes
import json
import math
import os
import struct
import sys
import time

import numpy
import torch


def load(folder):
    """The tensors of model.safetensors as float32, and config.json."""
    with open(os.path.join(folder, "config.json"), encoding="utf-8") as file:
        config = json.load(file)
    with open(os.path.join(folder, "model.safetensors"), "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = bytearray(file.read())
    header.pop("__metadata__", None)
    kinds = {"F32": numpy.float32, "F16": numpy.float16}
    weights = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        kind = numpy.dtype(kinds[entry["dtype"]])
        values = numpy.frombuffer(data, kind, (end - begin) // kind.itemsize, begin)
        weights[name] = torch.from_numpy(values.astype(numpy.float32).reshape(entry["shape"]))
    return config, weights


class Attention(torch.nn.Module):
    """A transformer of attention only whose norms have weights 1 and biases 0."""

    def __init__(self, folder):
        super().__init__()
        config, self.weights = load(folder)
        self.layers = config["n_layers"]
        self.scale = math.sqrt(config["d_head"])
        for name, tensor in self.weights.items():
            if ".ln" in name or name.startswith("ln_"):
                expected = 1.0 if name.endswith("w") else 0.0
                assert (tensor == expected).all(), f"{name}: expected {expected} throughout"

    def norm(self, x):
        x = x - x.mean(-1, keepdim=True)
        return x / (x.pow(2).mean(-1, keepdim=True) + 1e-5).sqrt()

    def project(self, x, layer, name):
        """[b, p, d] -> [b, p, heads, d_head]"""
        w = self.weights[f"blocks.{layer}.attn.W_{name}"]
        bias = self.weights[f"blocks.{layer}.attn.b_{name}"]
        return torch.einsum("bpd,hde->bphe", x, w) + bias

    def attention(self, x, layer):
        """What a layer's attention adds to the residual stream: [b, p, d] -> [b, p, d]"""
        y = self.norm(x)
        q, k, v = (self.project(y, layer, name) for name in "QKV")
        scores = torch.einsum("bqhe,bkhe->bhqk", q, k) / self.scale
        length = x.shape[1]
        hidden = torch.ones(length, length, dtype=torch.bool).triu(1)
        scores = scores.masked_fill(hidden, -1e5)
        z = torch.einsum("bhqk,bkhe->bqhe", scores.softmax(-1), v)
        w = self.weights[f"blocks.{layer}.attn.W_O"]
        return torch.einsum("bqhe,hed->bqd", z, w) + self.weights[f"blocks.{layer}.attn.b_O"]

    def forward(self, tokens, last):
        """Log-probabilities [b, p, V], or [b, V] of the last position."""
        x = self.weights["embed.W_E"][tokens] + self.weights["pos_embed.W_pos"][: tokens.shape[1]]
        for layer in range(self.layers):
            x = x + self.attention(x, layer)
        if last:
            x = x[:, -1:]
        logits = self.norm(x) @ self.weights["unembed.W_U"] + self.weights["unembed.b_U"]
        return (logits[:, 0] if last else logits).log_softmax(-1)


def odds(model, request):
    """Log-odds log p - log(1 - p) of each target after the last position, nats."""
    tokens = torch.tensor(request["tokens"])
    targets = torch.tensor(request["targets"])
    last = request["path"] == "last"
    results = []
    for start in range(0, len(tokens), request["batch"]):
        part = slice(start, start + request["batch"])
        log_probs = model(tokens[part], last)
        at_end = log_probs if last else log_probs[:, -1]
        chosen = at_end.gather(1, targets[part, None])[:, 0]
        results.append(chosen - torch.log1p(-chosen.exp()))
    return {"odds": torch.cat(results).tolist()}


def gemm(request):
    a = torch.rand(request["n"], request["n"])
    b = torch.rand(request["n"], request["n"])
    torch.mm(a, b)

    def run():
        for _ in range(request["repeats"]):
            torch.mm(a, b)
        return {}

    return run


def blas():
    """Which OpenBLAS is loaded and which kernels it takes, or `null`."""
    with open("/proc/self/maps", encoding="utf-8") as maps:
        paths = {line.split()[-1] for line in maps if "openblas" in line}
    for path in sorted(paths):
        library = ctypes.CDLL(path)
        library.openblas_get_config.restype = ctypes.c_char_p
        return library.openblas_get_config().decode()
    return None


def timed(run):
    # Of the process like os.times, but finer than its ticks of 10 ms.
    cpu, wall = time.process_time(), time.perf_counter()
    result = run()
    return {**result, "cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}


def main():
    torch.set_num_threads(int(sys.argv[1]))
    torch.set_grad_enabled(False)
    model = None
    for line in sys.stdin:
        request = json.loads(line)
        if request["op"] == "load":
            model = Attention(request["dir"]).eval()
            answer = {"torch": torch.__version__, "blas": blas(), "threads": torch.get_num_threads()}
        elif request["op"] == "odds":
            answer = timed(lambda: odds(model, request))
        else:
            answer = timed(gemm(request))
        print(json.dumps(answer), flush=True)


main()
