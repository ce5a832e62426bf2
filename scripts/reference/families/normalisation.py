"""Batch, group, instance and layer norm, per-channel affine; statistics of batches, running and frozen; means far from zero."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import torch
import torch.nn.functional as F

from configurations import Family

family = Family("normalisation", seed=61)
draw = family.draw


def maps(low=3, high=9):
    return draw.randint(1, 3), draw.choice([1, 2, 3, 4, 6, 8, 12]), draw.randint(low, high), draw.randint(low, high)


def eps():
    return draw.choice([None, None, 1e-3, 0.1])


def affine(shape, weight=True, bias=True):
    return ({"weight": family.normal(shape, mean=1, std=0.5)} if weight else {}) | ({"bias": family.normal(shape)} if bias else {})


def number(e):
    return 1e-5 if e is None else e


def batch_norm(x, gamma, beta, e):
    return {"out": F.batch_norm(x, None, None, gamma, beta, True, 0.1, number(e)), "mean": x.mean((0, 2, 3)), "variance": x.var((0, 2, 3), correction=0)}


for _ in range(14):
    n, c, h, w = maps()
    e = eps()
    family.case("batchNormTrain", {"eps": e}, {"x": family.normal((n, c, h, w), mean=draw.choice([0, 3]), std=draw.choice([0.5, 2])), "gamma": family.normal((c,)), "beta": family.normal((c,))},
                lambda x, gamma, beta: batch_norm(x, gamma, beta, e))
family.case("batchNormTrain", {}, {"x": family.normal((2, 8, 65, 63)), "gamma": family.normal((8,)), "beta": family.normal((8,))}, lambda x, gamma, beta: batch_norm(x, gamma, beta, None), name="large")
family.case("batchNormTrain", {}, {"x": family.normal((1, 3, 31, 37), mean=100, std=1), "gamma": family.normal((3,)), "beta": family.normal((3,))}, lambda x, gamma, beta: batch_norm(x, gamma, beta, None), name="mean 100, deviation 1")
for _ in range(12):
    n, c, h, w = maps(1)
    e = eps()
    family.case("batchNormInference", {"eps": e},
                {"x": family.normal((n, c, h, w)), "gamma": family.normal((c,)), "beta": family.normal((c,)), "mean": family.normal((c,)), "variance": family.uniform((c,), 0.3, 3)},
                lambda x, gamma, beta, mean, variance: (x - mean.view(-1, 1, 1)) / torch.sqrt(variance.view(-1, 1, 1) + number(e)) * gamma.view(-1, 1, 1) + beta.view(-1, 1, 1))
# Three batches through a module, then one in evaluation mode.
for momentum in (0.1, 0.3, None, 1, 0):
    def running(**batches):
        norm = torch.nn.BatchNorm2d(4, momentum=momentum).double()
        for x in batches.values():
            norm(x)
        mean, variance = norm.running_mean.clone(), norm.running_var.clone()
        return {"mean": mean, "variance": variance, "out": norm.eval()(batches["x0"]).detach()}
    family.case("batchNormRunning", {"average": momentum is None, "momentum": momentum}, {f"x{i}": family.normal((n, 4, h, w), mean=i) for i, (n, h, w) in enumerate([(2, 3, 3), (1, 5, 4), (3, 2, 2)])}, running, gradients=False, name=f"momentum {momentum}")

for i in range(24):
    groups = draw.choice([1, 2, 3, 4])
    c = groups * draw.choice([1, 2, 3, 4, 8])
    n, _, h, w = maps()
    shape = draw.choice([(n, c, h, w), (n, c, h, w), (n, c, h, w), (n, c)]) if c // groups > 2 else (n, c, h, w)
    e, has = eps(), (i % 4 != 0, i % 3 != 0)
    family.case("groupNorm", {"groups": groups, "eps": e}, {"x": family.normal(shape, mean=draw.choice([0, 5])), **affine((c,), *has)},
                # torch's own gradient fails for a bias without a weight.
                lambda x, weight=None, bias=None: F.group_norm(x, groups, torch.ones_like(bias) if weight is None and bias is not None else weight, bias, number(e)))
family.case("groupNorm", {"groups": 4}, {"x": family.normal((2, 16, 41, 43), mean=50), **affine((16,))}, lambda x, weight, bias: F.group_norm(x, 4, weight, bias), name="large")
for i in range(14):
    n, c, h, w = maps()
    e, has = eps(), (i % 2 == 0, i % 4 < 2)
    family.case("instanceNorm", {"eps": e}, {"x": family.normal((n, c, h, w), mean=draw.choice([0, 5])), **affine((c,), *has)},
                lambda x, weight=None, bias=None: F.instance_norm(x, None, None, weight, bias, True, 0.1, number(e)))
family.case("instanceNorm", {}, {"x": family.normal((2, 8, 47, 39), mean=50), **affine((8,))}, lambda x, weight, bias: F.instance_norm(x, None, None, weight, bias), name="large")
for i in range(20):
    rank = draw.randint(1, 4)
    shape = [draw.randint(1, 5) for _ in range(rank - 1)] + [draw.choice([3, 4, 5, 8, 16, 33])]
    axes = draw.randint(1, rank)
    inner = tuple(shape[-axes:])
    e, has = eps(), (i % 4 != 0, i % 3 != 0)
    # Trailing axes as they stand: NHWC already.
    parameters = {name: family.normal(inner, mean=mean, std=0.5, plain=True) for name, mean, there in (("weight", 1, has[0]), ("bias", 0, has[1])) if there}
    family.case("layerNorm", {"axes": axes, "eps": e}, {"x": family.normal(shape, mean=draw.choice([0, 5]), plain=True), **parameters},
                lambda x, weight=None, bias=None: F.layer_norm(x, inner, weight, bias, number(e)), plain=True)
family.case("layerNorm", {}, {"x": family.normal((2, 40, 37, 24), plain=True), **affine((24,))}, lambda x, weight, bias: F.layer_norm(x, (24,), weight, bias), name="large", plain=True)
for _ in range(6):
    n, c, h, w = maps(1)
    family.case("channelAffine", {}, {"x": family.normal((n, c, h, w)), "scale": family.normal((c,)), "shift": family.normal((c,))}, lambda x, scale, shift: x * scale.view(-1, 1, 1) + shift.view(-1, 1, 1))
family.write()
