"""Pooling: windows (max, average, Lp), adaptive bins, pyramids, and unpooling."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import torch
import torch.nn.functional as F

from configurations import Family

family = Family("pooling", seed=7)
draw = family.draw


def pair(values):
    """One number for both directions, or two."""
    return draw.choice(values) if draw.random() < 0.6 else [draw.choice(values), draw.choice(values)]


def both(value):
    return list(value) if isinstance(value, (list, tuple)) else [value, value]


def windows(dilated=True):
    """Options of a pooling, and a shape of x that has room for a window; retried until PyTorch accepts them."""
    while True:
        kernel, stride = pair([1, 2, 3, 4, 5]), draw.choice([None, 1, 2, 3, pair([1, 2, 3])])
        dilation = pair([1, 1, 2, 3]) if dilated else 1
        padding = draw.choice([0, [draw.randint(0, k // 2) for k in both(kernel)]])
        shape = (draw.choice([1, 2]), draw.choice([1, 2, 3, 4, 5, 8]), draw.randint(1, 14), draw.randint(1, 14))
        ceil = draw.random() < 0.5
        o = {"kernelSize": kernel, "stride": stride, "padding": padding, "dilation": dilation, "ceilMode": ceil}
        try:
            out, indices = F.max_pool2d(torch.rand(shape), *arguments(o), ceil_mode=ceil, return_indices=True)
        except RuntimeError:
            continue
        # A dilated window can fall between the positions of x and see only padding: PyTorch answers -inf, we refuse.
        if torch.isfinite(out).all():
            return o, shape


def arguments(o):
    return o["kernelSize"], o["stride"], o["padding"], o.get("dilation", 1)


def max_pool(o):
    return lambda x: dict(zip(("out", "indices"), F.max_pool2d(x, *arguments(o), ceil_mode=o["ceilMode"], return_indices=True)))


# Max pooling over the whole option space.
for i in range(36):
    o, shape = windows()
    family.case("maxPool2dWithIndices" if i % 2 else "maxPool2d", o, {"x": family.distinct(shape)},
                max_pool(o) if i % 2 else lambda x: F.max_pool2d(x, *arguments(o), ceil_mode=o["ceilMode"]))

nan, inf = float("nan"), float("inf")
for name, data, o in [
    ("ties take the first", torch.zeros(1, 2, 4, 5), {"kernelSize": 3, "stride": 1, "padding": 1}),
    ("ties among few values", torch.arange(48).remainder(3).reshape(1, 1, 6, 8).float(), {"kernelSize": 3, "stride": 2, "padding": 1}),
    ("the last NaN of a window", torch.tensor([[[[1, nan, 3, nan], [5, 6, nan, 8], [1, 2, 3, 4]]]]), {"kernelSize": 2, "stride": 1}),
    ("NaN after the largest and before it", torch.tensor([[[[9, nan], [1, 2]]], [[[nan, 9], [10, 2]]], [[[1, 2], [inf, nan]]]]), {"kernelSize": 2}),
    ("-infinity under padding", torch.full((1, 1, 3, 3), -inf), {"kernelSize": 2, "stride": 1, "padding": 1}),
    ("infinities", torch.tensor([[[[-inf, inf, 1], [-inf, -inf, inf], [0, -inf, -inf]]]]), {"kernelSize": 2, "stride": 1}),
]:
    o = {"stride": None, "padding": 0, "ceilMode": False, **o}
    family.case("maxPool2dWithIndices", o, {"x": family.values(data)}, max_pool(o), name=name)
for name, shape, o in [
    ("one pixel", (2, 3, 1, 1), {"kernelSize": 3, "stride": 2, "padding": 1}),
    ("ceil mode drops a window that begins in the padding", (1, 4, 6, 8), {"kernelSize": 3, "stride": 3, "padding": 1, "ceilMode": True}),
    ("ceil mode keeps a window that begins in x", (1, 2, 7, 10), {"kernelSize": 3, "stride": 3, "padding": 1, "ceilMode": True}),
    ("SegNet's 45 to 23 rows", (1, 4, 45, 60), {"kernelSize": 2, "ceilMode": True}),
    ("no images", (0, 3, 4, 4), {"kernelSize": 2}),
    ("a U-Net's first pooling", (1, 64, 96, 80), {"kernelSize": 2}),
    ("a ResNet's pooling, odd sizes", (1, 64, 113, 97), {"kernelSize": 3, "stride": 2, "padding": 1}),
]:
    o = {"stride": None, "padding": 0, "ceilMode": False, **o}
    family.case("maxPool2dWithIndices", o, {"x": family.distinct(shape)}, max_pool(o), name=name)

# Average pooling.
def avg_pool(o):
    return lambda x: F.avg_pool2d(x, o["kernelSize"], o["stride"], o["padding"], o["ceilMode"], o["countIncludePad"], o["divisorOverride"])


for _ in range(28):
    o, shape = windows(dilated=False)
    del o["dilation"]
    o |= {"countIncludePad": draw.random() < 0.5, "divisorOverride": draw.choice([None, None, None, 1, 5])}
    family.case("avgPool2d", o, {"x": family.normal(shape)}, avg_pool(o))
for name, shape, o in [
    ("one pixel", (2, 3, 1, 1), {"kernelSize": 3, "stride": 2, "padding": 1}),
    ("ceil overflow beyond the padding, padding counted", (1, 2, 8, 6), {"kernelSize": 3, "stride": 2, "padding": 1, "ceilMode": True}),
    ("ceil overflow beyond the padding, padding left out", (1, 2, 8, 6), {"kernelSize": 3, "stride": 2, "padding": 1, "ceilMode": True, "countIncludePad": False}),
    ("ceil mode drops a window that begins in the padding", (1, 4, 6, 8), {"kernelSize": 3, "stride": 3, "padding": 1, "ceilMode": True}),
    ("one large window", (1, 3, 40, 33), {"kernelSize": [40, 33]}),
    ("large, with padding and ceil mode", (1, 32, 98, 87), {"kernelSize": 3, "stride": 2, "padding": 1, "ceilMode": True}),
    ("a DenseNet's transition", (1, 64, 57, 64), {"kernelSize": 2}),
]:
    o = {"stride": None, "padding": 0, "ceilMode": False, "countIncludePad": True, "divisorOverride": None, **o}
    family.case("avgPool2d", o, {"x": family.normal(shape)}, avg_pool(o), name=name)

# Adaptive pooling: any sizes to any bins, more bins than positions among them.
def bins():
    return draw.choice([draw.randint(1, 9), [draw.randint(1, 9), draw.randint(1, 9)], [None, draw.randint(1, 6)], [draw.randint(1, 6), None]])


def adaptive(size):
    return lambda x: dict(zip(("out", "indices"), F.adaptive_max_pool2d(x, size, return_indices=True)))


adaptive_cases = [((draw.choice([1, 2]), draw.choice([1, 3, 4, 8]), draw.randint(1, 14), draw.randint(1, 14)), bins(), None) for _ in range(13)]
adaptive_cases += [
    ((1, 4, 33, 33), 6, "33 positions in 6 overlapping bins"), ((2, 3, 1, 1), [3, 2], "one pixel in every bin"),
    ((1, 3, 3, 4), [5, 6], "more bins than positions"), ((1, 5, 13, 17), 1, "global"), ((1, 64, 60, 45), 1, "global, large"),
    ((1, 32, 65, 97), [6, 7], "large"),
]
for shape, size, name in adaptive_cases:
    family.case("adaptiveAvgPool2d", {"outputSize": size}, {"x": family.normal(shape)}, lambda x: F.adaptive_avg_pool2d(x, size), name=name)
    family.case("adaptiveMaxPool2dWithIndices", {"outputSize": size}, {"x": family.distinct(shape)}, adaptive(size), name=name)
for name, data, size in [("NaN, ties and infinities", torch.tensor([[[[5, 5, nan, 1], [5, 5, 2, nan], [-inf, -inf, 0, 0]]]]), [2, 2]),
                         ("all -infinity", torch.full((1, 2, 3, 3), -inf), 2)]:
    family.case("adaptiveMaxPool2dWithIndices", {"outputSize": size}, {"x": family.values(data)}, adaptive(size), name=name)

# Pyramids.
for shape, levels in [((1, 4, 60, 60), [1, 2, 3, 6]), ((1, 3, 33, 33), [1, 2, 3, 6]), ((2, 8, 23, 17), [1, 2, 3, 6]), ((1, 2, 5, 4), [1, 2, 3, 6]),
                      ((1, 4, 31, 45), [1, 3, 6, 8]), ((1, 3, 20, 30), [1, [2, 5], [5, 2], 7, 3, 4]), ((1, 64, 45, 47), [1, 2, 3, 6])]:
    family.case("pyramidPool2d", {"bins": levels}, {"x": family.normal(shape)},
                lambda x: {f"level{i}": F.adaptive_avg_pool2d(x, b) for i, b in enumerate(levels)})

# Lp pooling. Odd and fractional powers get positive numbers: otherwise sums cancel, or are NaN.
def lp_pool(o):
    p = inf if o["normType"] == "inf" else o["normType"]
    return lambda x: F.lp_pool2d(x, p, o["kernelSize"], o["stride"], o["ceilMode"])


for p in (1, 2, 3, 4, 1.5, 2.5, 7, "inf"):
    for _ in range(2):
        kernel = pair([1, 2, 3])
        # With ceil mode, also windows that reach beyond x.
        o = {"normType": p, "kernelSize": kernel, "stride": draw.choice([None, 1, 2, [2, 1]]), "ceilMode": draw.random() < 0.6}
        shape = (draw.choice([1, 2]), draw.choice([1, 3, 4]), draw.randint(3, 11), draw.randint(3, 11))
        x = family.distinct(shape) if p in (1, 2, 4, "inf") else family.uniform(shape, 0.1, 2)
        family.case("lpPool2d", o, {"x": x}, lp_pool(o))
zeros = torch.tensor([[[[0, 0, 3, 1], [0, 0, 4, 0], [0, 0, 0, -2]]]], dtype=torch.float64)
for p in (1, 2, 3, 2.5):
    o = {"normType": p, "kernelSize": 2, "stride": 1, "ceilMode": False}
    family.case("lpPool2d", o, {"x": family.values(zeros.abs() if p == 2.5 else zeros)}, lp_pool(o), name=f"windows of zeros, p = {p}", gradients=p != 3)

# Unpooling what a pooling chose. Where windows overlap PyTorch's gradient is not the derivative (every window gets it), so
# those are compared forward only, on values of one pooling, where equal indices hold equal values.
for shape, o in [
    ((2, 3, 6, 8), {"kernelSize": 2}), ((2, 3, 7, 9), {"kernelSize": 2, "outputSize": [7, 9]}), ((1, 4, 45, 12), {"kernelSize": 2, "ceilMode": True, "outputSize": [45, 12]}),
    ((1, 4, 5, 7), {"kernelSize": 2, "ceilMode": True, "outputSize": [5, 7]}), ((1, 2, 9, 9), {"kernelSize": 3}), ((1, 4, 11, 9), {"kernelSize": [3, 2], "outputSize": [11, 9]}),
    ((1, 4, 8, 10), {"kernelSize": 2, "stride": 3, "outputSize": [8, 10]}), ((1, 2, 10, 11), {"kernelSize": 3, "stride": 3, "padding": 1, "outputSize": [10, 11]}),
    ((1, 1, 1, 1), {"kernelSize": 1}), ((1, 3, 9, 7), {"kernelSize": 3, "stride": 2, "padding": 1, "outputSize": [9, 7]}),
    ((1, 4, 7, 6), {"kernelSize": 3, "stride": 1, "padding": 1}), ((1, 3, 6, 5), {"kernelSize": [1, 3], "stride": [1, 2]}),
    ((1, 16, 45, 61), {"kernelSize": 2, "ceilMode": True, "outputSize": [45, 61]}),
]:
    o = {"stride": None, "padding": 0, **o}
    ceil = o.pop("ceilMode", False)
    overlaps = any(s is not None and s < k for s, k in zip(both(o["stride"]), both(o["kernelSize"])))
    values, indices = F.max_pool2d(torch.randn(shape, generator=torch.Generator().manual_seed(len(family.cases))), o["kernelSize"], o["stride"], o["padding"], ceil_mode=ceil, return_indices=True)
    x = family.values(values) if overlaps else family.normal(values.shape)
    family.case("maxUnpool2d", o, {"x": x, "indices": family.values(indices)},
                lambda x, indices: F.max_unpool2d(x, indices, o["kernelSize"], o["stride"], o["padding"], o.get("outputSize")), gradients=not overlaps)
family.write()
