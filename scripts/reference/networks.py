"""Whole networks: what PyTorch computes in float64 with seeded weights, in evaluation and in training.

A family is one script, models/<name>.py, which writes test/fixtures/networks/<name>.safetensors; test/models/<…>.test.ts runs the
same networks here (`pytorchNetworks` in test/support/networks.ts) and compares. Weights and inputs are not stored: both sides make them
from (seed, name of the entry), so that full-size networks cost a few kilobytes.

    import sys, pathlib
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
    from networks import Networks

    family = Networks("fcn", seed=3)
    family.network("fcn_resnet50", module, (2, 3, 65, 97))                       # logits of module(x) in evaluation
    family.network("narrow", module, (2, 3, 33, 40), train=True,                 # and outputs, gradients, statistics in training
                   outputs=lambda y: [y["out"], y["aux"]])                       # logits first, then auxiliary heads, in our order
    family.write()

`module` must have a state dict with our names (which are those of the network's reference implementation), in any order. Every entry is
overwritten: kernels and matrices by He's uniform distribution (fan in), other weights (norms, PReLU) by U(0.5, 1.5), biases by
U(-0.3, 0.3), running means by U(-0.3, 0.3), running variances by U(0.5, 1.5); `gain` scales the kernels. Dropout is switched off in training.

Training compares the outputs of a forward pass in training mode, the gradient of sum(output · cotangent) by every parameter, and the
running statistics afterwards.

`full=True` marks networks that are compared in the full tier only (the quick tier takes seconds for all of them together);
`training_only_outputs`: auxiliary heads that exist in training only.
"""
import json
import math
import platform

import numpy
import torch

from configurations import ROOT, bits, mix32, sign_sums

WHOLE = 64
"""Results of at most so many elements are stored whole."""
SAMPLES = 16


def hash_text(text: str) -> int:
    """src/data/random.ts: hashText (FNV-1a, then mixed), for ASCII."""
    value = 0x811C9DC5
    for byte in text.encode("ascii"):
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return int(mix32(numpy.array([value], dtype=numpy.uint32))[0])


def unit(size: int, seed: int, name: str) -> numpy.ndarray:
    """`size` numbers in [0, 1) that belong to seed and name."""
    return bits(size, seed, hash_text(name)).astype(numpy.float64) / 2**32


def value_of(name: str, shape, seed: int, gain: float) -> numpy.ndarray:
    size = int(numpy.prod(shape, dtype=numpy.int64))
    if name.endswith("num_batches_tracked"):
        return numpy.zeros(shape)
    u = unit(size, seed, name)
    if len(shape) >= 2:
        low, high = (lambda b: (-b, b))(gain * math.sqrt(6 * shape[0] / size))
    elif name.endswith("running_var") or (name.endswith("weight") and not name.endswith("running_mean")):
        low, high = 0.5, 1.5
    else:
        low, high = -0.3, 0.3
    return (low + (high - low) * u).astype(numpy.float32).astype(numpy.float64).reshape(shape)


class Kinks(torch.overrides.TorchFunctionMode):
    """How near inputs of ReLUs come to where the slope changes: below about 1e-7 f32 may fall on the other side of it, and every gradient
    before that layer differs. Another name of the case draws other inputs."""

    POINTS = {torch.relu: [0], torch.nn.functional.relu: [0], torch.nn.functional.relu6: [0, 6], torch.nn.functional.leaky_relu: [0]}
    nearest = math.inf

    def __torch_function__(self, function, types, args=(), kwargs=None):
        for kink in self.POINTS.get(function, []):
            self.nearest = min(self.nearest, float((args[0] - kink).abs().min()))
        return function(*args, **(kwargs or {}))


class Networks:
    def __init__(self, name: str, seed: int):
        self.name, self.seed, self.cases, self.pool, self.at = name, seed, [], [], 0

    def network(self, name: str, module: torch.nn.Module, shape, train=False, outputs=None, full=False, gain=1.0) -> None:
        outputs = outputs or (lambda y: [y])
        module = module.double()
        start = {k: torch.from_numpy(value_of(k, tuple(v.shape), self.seed, gain)) for k, v in module.state_dict().items()}
        module.load_state_dict({k: v.to(module.state_dict()[k].dtype) for k, v in start.items()})
        x = self._map(f"{name}/x", shape)
        record = {"name": name, "input": [shape[0], *shape[2:], shape[1]], "gain": gain, "full": full,
                  "entries": {k: list(v.shape) for k, v in module.state_dict().items()} if sum(v.numel() for v in start.values()) < 1e6 else len(start)}
        with torch.no_grad():
            record["logits"] = self._result(outputs(module.eval()(x))[0])
        if train:
            module.train()
            for part in module.modules():
                if isinstance(part, torch.nn.modules.dropout._DropoutNd):
                    part.eval()
            with Kinks() as kinks:
                found = outputs(module(x))
            print(f"{self.name}/{name}: in training no input of a ReLU is nearer than {kinks.nearest:.1e} to where its slope changes")
            cotangents = [self._map(f"{name}/cotangent{i}", tuple(y.shape)) for i, y in enumerate(found)]
            parameters = dict(module.named_parameters())
            grads = torch.autograd.grad(sum((y * c).sum() for y, c in zip(found, cotangents)), list(parameters.values()), allow_unused=True)
            after = {k: v for k, v in module.state_dict().items() if k.endswith(("running_mean", "running_var"))}
            record["training"] = {"outputs": [self._result(y.detach()) for y in found],
                                  "gradients": {k: self._result(torch.zeros_like(parameters[k]) if g is None else g, plain=True) for k, g in zip(parameters, grads)},
                                  "statistics": {k: self._result(v, plain=True) for k, v in after.items()}}
        self.cases.append(record)
        print(f"{self.name}/{name}: {sum(p.numel() for p in module.parameters()):,} parameters, {len(start)} entries, logits {record['logits']['shape']}, largest {record['logits']['largest']:.3g}")

    def _map(self, name: str, shape) -> torch.Tensor:
        """U(-1, 1), made in our layout (NHWC)."""
        n, c, h, w = shape
        ours = (2 * unit(n * c * h * w, self.seed, name) - 1).astype(numpy.float32).astype(numpy.float64).reshape(n, h, w, c)
        return torch.from_numpy(ours).permute(0, 3, 1, 2).contiguous()

    def _result(self, t: torch.Tensor, plain=False) -> dict:
        """Maps in our layout; parameters as they stand in files."""
        t = t.detach() if plain or t.dim() != 4 else t.detach().permute(0, 2, 3, 1)
        flat = t.reshape(-1).double().numpy()
        if not numpy.isfinite(flat).all():
            raise ValueError(f"{self.name}: not finite; a smaller gain helps")
        record = {"shape": list(t.shape), "norm": float(numpy.sqrt((flat**2).sum())), "largest": float(numpy.abs(flat).max())}
        if len(flat) <= WHOLE:
            stored = flat
        else:
            record["sums"] = sign_sums(flat, self.seed, len(flat))
            stored = flat[(bits(SAMPLES, self.seed, len(flat), 1).astype(numpy.float64) * len(flat) / 2**32).astype(numpy.int64)]
        record["at"] = self.at
        self.pool.append(stored.astype(numpy.float32))
        self.at += len(stored)
        return record

    def write(self) -> None:
        from safetensors.numpy import save_file
        path = ROOT / "test" / "fixtures" / "networks" / f"{self.name}.safetensors"
        path.parent.mkdir(parents=True, exist_ok=True)
        rounded = json.loads(json.dumps({"family": self.name, "seed": self.seed, "cases": self.cases}), parse_float=lambda v: float(f"{float(v):.9g}"))
        versions = {"torch": torch.__version__, "python": platform.python_version(), "numpy": numpy.__version__}
        save_file({"values": numpy.concatenate(self.pool)}, path, metadata={"networks": json.dumps({**rounded, "versions": versions}, separators=(",", ":"), allow_nan=False)})
        print(f"{path.name}: {len(self.cases)} networks, {path.stat().st_size / 1024:.0f} KB")
