"""Folds over axes: sums, means, products, extremes, norms, log-sum-exps, variances; their ties, zeros, infinities and empty extents."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import torch

from configurations import Family

family = Family("reductions", seed=41)
draw = family.draw
nan, inf = float("nan"), float("inf")

SHAPES = [(7,), (3, 5), (2, 3, 4), (2, 5, 7, 3), (2, 5, 7, 4), (1, 1, 6, 8), (3, 1, 4, 1, 5), (2, 3, 2, 2, 3), (130, 4), (3, 200), (1,), (2, 40, 3), (1, 9, 11, 16)]


def draw_axes(rank):
    """Any set of axes, some counted from the end; None for all."""
    if draw.random() < 0.2:
        return None
    axes = draw.sample(range(rank), draw.randint(1, rank))
    return [axis - rank if draw.random() < 0.3 else axis for axis in axes]


def case(op, options, inputs, function, **rest):
    family.case(op, options, inputs, function, plain=True, **rest)


def every(x, axes):
    return list(range(x.dim())) if axes is None else axes


def folded(f):
    """`f` over one axis after the other, from the last."""
    def run(x, axes, keep):
        for axis in sorted((a % x.dim() for a in every(x, axes)), reverse=True):
            x = f(x, axis, keep)
        return x
    return run


prod = folded(lambda x, axis, keep: x.prod(axis, keepdim=keep))
OPS = {
    "sum": lambda x, a, k: x.sum(every(x, a), keepdim=k),
    "mean": lambda x, a, k: x.mean(every(x, a), keepdim=k),
    "max": lambda x, a, k: x.amax(every(x, a), keepdim=k),
    "min": lambda x, a, k: x.amin(every(x, a), keepdim=k),
    "prod": prod,
    "l1Norm": lambda x, a, k: torch.linalg.vector_norm(x, 1, every(x, a), keepdim=k),
    "l2Norm": lambda x, a, k: torch.linalg.vector_norm(x, 2, every(x, a), keepdim=k),
    "logSum": lambda x, a, k: x.sum(every(x, a), keepdim=k).log(),
    "logSumExp": lambda x, a, k: torch.logsumexp(x, every(x, a), keepdim=k),
}
for op, f in OPS.items():
    for _ in range(7):
        shape = draw.choice(SHAPES)
        axes, keep = draw_axes(len(shape)), draw.random() < 0.4
        if op == "prod":
            x = family.uniform(shape, 0.8, 1.25, plain=True)
        elif op == "logSum":
            x = family.uniform(shape, 0.1, 2, plain=True)
        elif op == "logSumExp":
            x = family.normal(shape, std=draw.choice([1, 50]), plain=True)
        else:
            x = family.distinct(shape, -2, 3, plain=True)
        case(op, {"axes": axes, "keepDims": keep}, {"x": x}, lambda x: f(x, axes, keep))
for op in ("variance", "std"):
    f = torch.var if op == "variance" else torch.std
    for _ in range(8):
        shape = draw.choice([s for s in SHAPES if s != (1,)])
        correction, keep = draw.choice([0, 1]), draw.random() < 0.4
        axes = draw_axes(len(shape))
        while torch.zeros(shape).sum(every(torch.zeros(shape), axes)).numel() * 2 > torch.zeros(shape).numel():
            axes = draw_axes(len(shape))
        case(op, {"axes": axes, "keepDims": keep, "correction": correction}, {"x": family.normal(shape, plain=True)}, lambda x: f(x, dim=every(x, axes), correction=correction, keepdim=keep))
    case(op, {}, {"x": family.normal((30_000,), mean=1e4)}, lambda x: f(x), name="mean 10000, deviation 1", gradients=False)
    # The gradient goes by the mean, which f32 knows to 5e-4 of the deviation there, and to 3e-5 here.
    case(op, {}, {"x": family.normal((30_000,), mean=1e3)}, lambda x: f(x), name="mean 1000, deviation 1")
    case(op, {"axes": [0, 2]}, {"x": family.normal((40, 3, 50), mean=-1000, std=0.5)}, lambda x: f(x, dim=[0, 2]), name="mean -1000, deviation 0.5")

# Long ones: several stages.
for op in ("sum", "mean", "max", "l2Norm", "logSumExp"):
    case(op, {"axes": [0, 1]}, {"x": family.distinct((97, 101, 4), -2, 3)}, lambda x: OPS[op](x, [0, 1], False), name="long")

# Ties, zeros, NaN, infinities.
for op in ("max", "min"):
    case(op, {"axes": [1]}, {"x": family.values([[1.0, 3, 3, 2], [2, 2, 2, 2], [-1, -1, 0, -2]])}, lambda x: OPS[op](x, [1], False), name="ties")
    case(op, {"axes": [0, 2]}, {"x": family.values(torch.tensor([0.0, 1, 1, 0, -1, 0, 1, 1]).reshape(2, 2, 2))}, lambda x: OPS[op](x, [0, 2], False), name="ties over two axes")
    case(op, {"axes": [1]}, {"x": family.values([[1.0, nan, 3], [inf, -inf, 0], [-inf, -inf, -inf], [inf, inf, inf], [nan, inf, -inf]])}, lambda x: OPS[op](x, [1], False), name="NaN and infinities", gradients=False)
case("prod", {"axes": [1]}, {"x": family.values([[2.0, 3, 4], [0, 3, 4], [0, 0, 4], [0, 0, 0], [-1, 2, 0]])}, lambda x: x.prod(1), name="zeros")
case("prod", {}, {"x": family.values([2.0, 0.0, -3.0])}, lambda x: x.prod(), name="one zero")
for op in ("l1Norm", "l2Norm"):
    case(op, {"axes": [1]}, {"x": family.values([[0.0, 0, 0], [3, 0, -4], [0, 0, 1]])}, lambda x: OPS[op](x, [1], False), name="zeros")
case("std", {"axes": [1]}, {"x": family.values([[2.0, 2, 2], [1, 2, 4]])}, lambda x: x.std(1), name="no deviation")
case("logSumExp", {"axes": [1]}, {"x": family.values([[-inf, -inf], [inf, 1], [-inf, 2], [nan, 1], [inf, -inf], [1000, 1000], [-1000, -1001]])}, lambda x: x.logsumexp(1), name="NaN and infinities", gradients=False)
case("logSumExp", {"axes": [1]}, {"x": family.values([[-inf, 2.0], [1000, 999], [-1000, -1001]])}, lambda x: x.logsumexp(1), name="far out")
for op, f in {"sum": lambda x: x.sum(1), "prod": lambda x: x.prod(1), "mean": lambda x: x.mean(1), "l1Norm": lambda x: torch.linalg.vector_norm(x, 1, 1), "l2Norm": lambda x: torch.linalg.vector_norm(x, 2, 1), "logSumExp": lambda x: x.logsumexp(1)}.items():
    case(op, {"axes": [1]}, {"x": family.values(torch.zeros(2, 0, 3))}, lambda x: f(x), name="of nothing", gradients=False)

# Whole numbers are exact.
for op in ("sum", "max", "min"):
    for dtype in ("u32", "i32"):
        case(op, {"axes": [0, 2]}, {"x": family.whole((3, 5, 70), 2**20, dtype=dtype)}, lambda x: OPS[op](x, [0, 2], False), name=dtype)
case("max", {"axes": [1]}, {"x": family.values(torch.tensor([[-5, -9, -7], [4, -4, 0]]), dtype="i32")}, lambda x: x.amax(1), name="negative i32")
case("prod", {"axes": [1]}, {"x": family.values(torch.tensor([[-5, 9, 7], [4, -4, 0]]), dtype="i32")}, lambda x: x.prod(1), name="i32")
family.write()
