"""Families of configurations: what PyTorch computes in float64, forward and backward, over the options of an operator.

A family is one script, families/<name>.py, which writes test/fixtures/pytorch/<name>.safetensors; test/pytorch/<name>.test.ts
runs the same cases here and compares. Regenerate one with `python scripts/reference/families/<name>.py`, or all of them with
`python scripts/reference/all.py` (torch, numpy and safetensors are needed; tests never need Python).

    import sys, pathlib
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
    import torch.nn.functional as F
    from configurations import Family

    family = Family("pooling", seed=1)
    for _ in range(50):
        k = family.draw.choice([1, 2, 3])                  # random.Random(seed): draw options with it and with nothing else
        family.case("maxPool2d", {"kernelSize": k},        # our function's name, and its options as our API names them
                    {"x": family.distinct((2, 3, 7, 9))},  # inputs in torch's layout, from the helpers below
                    lambda x: F.max_pool2d(x, k))          # called at once, so loop variables are safe
    family.write()

Inputs come from helpers, which return float64 (or int64) torch tensors that carry how they were made. They are not stored:
the test makes them again from (seed, counter), bit for bit, and every float is exactly an f32.
    family.normal(shape, mean=0, std=1)        roughly normal, within 3.46 standard deviations
    family.uniform(shape, low=0, high=1)
    family.distinct(shape, low=-1, high=1)     evenly spaced in random order, never 0: no ties and no near-ties
    family.whole(shape, classes, ignore=None, fraction=0.2, dtype="u32")
                                               int64 0 … classes-1; about `fraction` of them are `ignore` if it is given;
                                               dtype ("u32", "i32", "u8") is that of our tensor
    family.values(data, dtype=None)            anything explicit (NaN, infinities, ties, hand-made labels): stored in the file;
                                               floats are rounded to f32; dtype as above for whole numbers (default u32, or
                                               i32 when one is negative; bool: u8)
Every helper takes plain=True, see next.

Layouts. Every tensor of rank 4, float or not, is [a, b, h, w] on the Python side and [a, h, w, b] on ours (NCHW to NHWC,
OIHW to OHWI; for a transposed convolution's IOHW weight, that gives I, h, w, O/groups). Everything else keeps its layout.
`plain=True` to a helper leaves that input (and its gradient) as it is; `case(..., plain=True)`, or a list of names, the
outputs. What needs another layout permutes inside its own function.

    family.case(op, options, inputs, function, name=None, gradients=True, plain=False)
`function` takes the inputs by keyword and returns a tensor or a dict of tensors (or of Python numbers). Float outputs come out as
float64 whatever they were; whole numbers and booleans are compared exactly. `gradients`: True differentiates by every float
input, a list by those, False by none. Each differentiable output gets a cotangent of its own (normal, made like an input) and
the gradients are those of Σ output · cotangent. Options that are None are left out. Cases need names only where options and
shapes do not tell them apart.

Tensors of more than 2000 elements are stored as samples (the first and last 16 elements and 256 at hashed places), the norm,
the largest magnitude, and eight sums with random signs, which together tell the norm of the whole tensor's error.
"""
import json
import pathlib
import platform
import random

import numpy
import torch
from safetensors.numpy import save_file

ROOT = pathlib.Path(__file__).resolve().parents[2]
GOLDEN = 0x9E3779B9
MASK = 0xFFFFFFFF
SAMPLED_ABOVE = 2000
EDGE = 16
INNER = 256
SIGNS = 8


def mix32(h: numpy.ndarray) -> numpy.ndarray:
    """src/data/random.ts: mix32, for arrays of uint32."""
    h = (h ^ (h >> numpy.uint32(16))) * numpy.uint32(0x7FEB352D)
    h = (h ^ (h >> numpy.uint32(15))) * numpy.uint32(0x846CA68B)
    return h ^ (h >> numpy.uint32(16))


def hash32(*counters: int) -> int:
    """src/data/random.ts: hash32, for counters below 2^32."""
    mix = lambda v: int(mix32(numpy.array([v & MASK], dtype=numpy.uint32))[0])
    key = GOLDEN
    for counter in counters:
        key = mix(key ^ mix(counter + GOLDEN))
    return key


def bits(count: int, *counters: int) -> numpy.ndarray:
    """`count` uniform uint32 that belong to the counters."""
    index = numpy.arange(1, count + 1, dtype=numpy.uint32)
    return mix32(numpy.uint32(hash32(*counters)) + index * numpy.uint32(GOLDEN))


def sample_positions(size: int, *counters: int) -> numpy.ndarray:
    """Where a big tensor is sampled."""
    edge = numpy.arange(EDGE, dtype=numpy.int64)
    inner = (bits(INNER, *counters).astype(numpy.float64) * size / 2**32).astype(numpy.int64)
    return numpy.concatenate([edge, size - EDGE + edge, inner])


def sign_sums(flat: numpy.ndarray, *counters: int) -> list:
    """Sums of all elements with random signs: their mean square is the square of the norm, also for differences."""
    words = bits(len(flat), *counters)
    return [float((flat * (1 - 2 * ((words >> numpy.uint32(k)) & 1).astype(flat.dtype))).sum()) for k in range(SIGNS)]


def to_ours(t: torch.Tensor, plain: bool) -> torch.Tensor:
    return t if plain or t.dim() != 4 else t.permute(0, 2, 3, 1)


class Family:
    def __init__(self, name: str, seed: int):
        self.name, self.seed = name, seed
        self.draw = random.Random(seed)
        self.cases, self.counter = [], 0
        self.pools = {"f32": [], "u32": [], "i32": []}
        self.sizes = {k: 0 for k in self.pools}

    # Inputs

    def _made(self, shape, make, spec: dict, plain: bool) -> torch.Tensor:
        """A tensor made in our layout and turned to torch's; `make` gives flat values for (size, counter)."""
        shape = list(shape)
        permuted = len(shape) == 4 and not plain
        ours = [shape[i] for i in (0, 2, 3, 1)] if permuted else shape
        self.counter += 1
        flat = make(int(numpy.prod(ours, dtype=numpy.int64)), self.counter)
        t = torch.from_numpy(flat).reshape(ours)
        t = t.permute(0, 3, 1, 2).contiguous() if permuted else t
        t.spec = {"shape": ours, "counter": self.counter, **spec}
        t.plain = plain
        return t

    def normal(self, shape, mean=0, std=1, plain=False) -> torch.Tensor:
        def make(n, counter):
            a, b = bits(n, self.seed, counter, 0), bits(n, self.seed, counter, 1)
            half = numpy.uint32(16)
            total = sum(v.astype(numpy.int64) for v in (a & 0xFFFF, a >> half, b & 0xFFFF, b >> half)) - 131070
            return self._single(mean + std * (total * (1.7320508075688772 / 65536)))
        return self._made(shape, make, {"kind": "normal", "mean": mean, "std": std}, plain)

    def uniform(self, shape, low=0, high=1, plain=False) -> torch.Tensor:
        make = lambda n, counter: self._single(low + (high - low) * (bits(n, self.seed, counter, 0).astype(numpy.float64) / 2**32))
        return self._made(shape, make, {"kind": "uniform", "low": low, "high": high}, plain)

    def distinct(self, shape, low=-1, high=1, plain=False) -> torch.Tensor:
        def make(n, counter):
            rank = numpy.empty(n, dtype=numpy.float64)
            rank[numpy.argsort(bits(n, self.seed, counter, 0), kind="stable")] = numpy.arange(n)
            return self._single(low + (rank + 0.75) * (high - low) / n)
        return self._made(shape, make, {"kind": "distinct", "low": low, "high": high}, plain)

    def whole(self, shape, classes: int, ignore=None, fraction=0.2, dtype="u32", plain=False) -> torch.Tensor:
        def make(n, counter):
            values = (bits(n, self.seed, counter, 0).astype(numpy.float64) * classes / 2**32).astype(numpy.int64)
            if ignore is not None:
                values[bits(n, self.seed, counter, 1).astype(numpy.float64) < fraction * 2**32] = ignore
            return values
        spec = {"kind": "whole", "classes": classes, "dtype": dtype}
        if ignore is not None:
            spec |= {"ignore": ignore, "fraction": fraction}
        return self._made(shape, make, spec, plain)

    def values(self, data, dtype=None, plain=False) -> torch.Tensor:
        t = data.detach().clone() if isinstance(data, torch.Tensor) else torch.tensor(data)
        if t.is_floating_point():
            t, dtype = t.float().double(), "f32"
        elif dtype is None:
            dtype = "u8" if t.dtype == torch.bool else "i32" if t.numel() and t.min() < 0 else "u32"
        t = t if dtype == "f32" else t.long()
        ours = to_ours(t, plain)
        pool = dtype if dtype in self.pools else "u32"
        t.spec = {"kind": "values", "shape": list(ours.shape), "dtype": dtype, "at": self._store(ours.reshape(-1).numpy(), pool)}
        t.plain = plain
        return t

    @staticmethod
    def _single(values: numpy.ndarray) -> numpy.ndarray:
        return values.astype(numpy.float32).astype(numpy.float64)

    # Cases

    def case(self, op: str, options: dict, inputs: dict, function, name=None, gradients=True, plain=False) -> None:
        for k, t in inputs.items():
            if not hasattr(t, "spec"):
                raise ValueError(f"{self.name}, {op}: input {k} does not come from a helper of the family; wrap it in family.values()")
        given = {k: t.detach().clone() for k, t in inputs.items()}
        wanted = [k for k, t in given.items() if t.is_floating_point() and (gradients is True or gradients and k in gradients)]
        for k in wanted:
            given[k].requires_grad_()
        outputs = function(**given)
        outputs = outputs if isinstance(outputs, dict) else {"out": outputs}
        outputs = {k: t if isinstance(t, torch.Tensor) else torch.tensor(t) for k, t in outputs.items()}
        as_is = lambda k: plain is True or plain is not False and k in plain
        record = {"op": op, "name": self._name(op, name, options, inputs), "options": {k: v for k, v in options.items() if v is not None},
                  "inputs": {k: t.spec for k, t in inputs.items()},
                  "outputs": {k: self._result(t, as_is(k)) for k, t in outputs.items()}}
        smooth = {k: t for k, t in outputs.items() if t.requires_grad} if wanted else {}
        if smooth:
            cotangents = {k: self.normal(t.shape, plain=as_is(k)) for k, t in smooth.items()}
            total = sum((t.double() * cotangents[k]).sum() for k, t in smooth.items())
            found = torch.autograd.grad(total, [given[k] for k in wanted], allow_unused=True)
            record["cotangents"] = {k: t.spec for k, t in cotangents.items()}
            record["grads"] = {k: self._result(torch.zeros_like(given[k]) if g is None else g, inputs[k].plain) for k, g in zip(wanted, found)}
        self.cases.append(record)

    def _name(self, op: str, name, options: dict, inputs: dict) -> str:
        if name is None:
            shapes = " ".join(f"{k} {t.spec['shape']}" for k, t in inputs.items())
            given = {k: v for k, v in options.items() if v is not None}
            name = shapes + (" " + json.dumps(given, separators=(",", ":")).replace('"', "") if given else "")
        same = sum(c["op"] == op and (c["name"] == name or c["name"].startswith(name + " #")) for c in self.cases)
        return f"{name} #{same + 1}" if same else name

    def _result(self, t: torch.Tensor, plain: bool) -> dict:
        t = to_ours(t.detach(), plain)
        dtype = "f32" if t.is_floating_point() else "i32" if t.numel() and t.min() < 0 else "u32"
        flat = t.reshape(-1).to(torch.float64 if dtype == "f32" else torch.int64).numpy()
        record = {"shape": list(t.shape), "dtype": dtype}
        if len(flat) <= SAMPLED_ABOVE:
            return record | {"at": self._store(flat, dtype)}
        self.counter += 1
        finite = flat[numpy.isfinite(flat)].astype(numpy.float64)
        if len(finite) < len(flat):
            raise ValueError(f"{self.name}: results as big as {t.shape} must be finite")
        return record | {"counter": self.counter, "at": self._store(flat[sample_positions(len(flat), self.seed, self.counter, 0)], dtype),
                         "norm": float(numpy.sqrt((finite**2).sum())), "largest": float(numpy.abs(finite).max()),
                         "sums": sign_sums(flat, self.seed, self.counter, 1)}

    def _store(self, flat: numpy.ndarray, dtype: str) -> int:
        """Appends to the one stored tensor of this dtype; returns where."""
        at = self.sizes[dtype]
        with numpy.errstate(over="ignore"):
            self.pools[dtype].append(flat.astype({"f32": numpy.float32, "u32": numpy.uint32, "i32": numpy.int32}[dtype]))
        self.sizes[dtype] += len(flat)
        return at

    def write(self) -> None:
        path = ROOT / "test" / "fixtures" / "pytorch" / f"{self.name}.safetensors"
        path.parent.mkdir(parents=True, exist_ok=True)
        tensors = {k: numpy.concatenate(v) for k, v in self.pools.items() if self.sizes[k]}
        versions = {"torch": torch.__version__, "python": platform.python_version(), "numpy": numpy.__version__}
        metadata = {"family": self.name, "seed": self.seed, "versions": versions, "cases": self.cases}
        save_file(tensors, path, metadata={"configurations": json.dumps(metadata, separators=(",", ":"), allow_nan=False)})
        print(f"{self.name}: {len(self.cases)} configurations, {path.stat().st_size / 1024:.0f} KB")
