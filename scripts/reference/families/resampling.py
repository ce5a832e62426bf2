"""Resizing, pixel shuffling, and reading at given positions."""
import math
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import torch
import torch.nn.functional as F

from configurations import Family

family = Family("resampling", seed=37)
draw = family.draw


def resize(shape, options, labels=False):
    """Options as ours. PyTorch's own index arithmetic is single precision only for single-precision input, and copied pixels
    are exact in it, so the nearest modes run in it. Its antialiasing runs in channels-last memory: PyTorch 2.13's bicubic one is
    wrong for contiguous tensors that shrink to one column (its two memory formats differ by half of the values)."""
    mode = options.get("mode", "bilinear")
    smooth = mode in ("bilinear", "bicubic")
    given = {"mode": mode, "size": options.get("size"), "scale_factor": options.get("scaleFactor"), "recompute_scale_factor": options.get("recomputeScaleFactor"),
             "align_corners": options.get("alignCorners", False) if smooth else None, "antialias": options.get("antialias", False)}
    n, c, h, w = shape
    x = family.whole(shape, 21) if labels else family.normal(shape)

    def run(x):
        x = x if smooth or mode == "area" else x.float()
        return F.interpolate(x.contiguous(memory_format=torch.channels_last) if given["antialias"] else x, **given)

    family.case("resize", options, {"x": x}, (lambda x: run(x).long()) if labels else run)


def kept(n, scale):
    return math.floor(n * scale) == n and scale != 1


def scale_for(n, low, high):
    """A scale factor that leaves a pixel, and does not keep the size: there PyTorch's backward is not that of its forward."""
    while True:
        scale = round(draw.uniform(low, high), 3)
        if math.floor(n * scale) >= 1 and not kept(n, scale):
            return scale


def plane(high=17):
    return draw.choice([1, 2]), draw.choice([2, 3, 4, 5, 8]), draw.randint(1, high), draw.randint(1, high)


# Every mode by size, aligned or not, smoothed or not, up, down and mixed.
variants = [(mode, align, smooth) for mode in ("bilinear", "bicubic") for align in (False, True) for smooth in (False, True)]
variants += [("nearest", False, False), ("nearest-exact", False, False), ("area", False, False)]
for mode, align, smooth in variants:
    flags = {"mode": mode, "alignCorners": align or None, "antialias": smooth or None}
    flags = {k: v for k, v in flags.items() if v is not None}
    for way in range(4):
        n, c, h, w = plane()
        up, down = (lambda size: draw.randint(size, 3 * size + 2)), (lambda size: draw.randint(1, size))
        size = [[up(h), up(w)], [down(h), down(w)], [up(h), down(w)], [down(h), up(w)]][way]
        resize((n, c, h, w), {"size": size, **flags})
    for low, high in ((1.05, 3.7), (0.2, 0.95)):
        n, c, h, w = plane()
        resize((n, c, h, w), {"scaleFactor": [scale_for(h, low if h > 1 else 2, max(high, 3)), scale_for(w, low if w > 2 else 2, max(high, 3))], **flags})
    n, c, h, w = plane()
    resize((n, c, h, w), {"scaleFactor": [scale_for(h, 1.05 if h > 1 else 2, 3.5), scale_for(w, 1.05 if w > 1 else 2, 3.5)], "recomputeScaleFactor": True, **flags})
    # Corners: from one pixel, to one pixel, the same size.
    resize((1, 3, 1, 1), {"size": [3, 2], **flags})
    resize((2, 4, 5, 6), {"size": [1, 1], **flags})
    resize((1, 3, 5, 1), {"size": [1, 4], **flags})
    resize((1, 2, 4, 5), {"size": [4, 5], **flags})
for mode in ("bilinear", "nearest"):
    resize((1, 2, 3, 4), {"scaleFactor": [1.3, 1.2], "mode": mode})
resize((1, 2, 3, 4), {"scaleFactor": [1.5, 2.1], "mode": "nearest"})
for mode in ("bilinear", "bicubic", "area"):
    resize((1, 1, 9, 7), {"size": [5, 12], "mode": mode})
# Where index arithmetic in single precision is not that of fractions.
for n, o in ((2, 98), (6, 294), (11, 539), (40, 47)):
    for mode in ("nearest", "nearest-exact"):
        resize((1, 1, n, 1), {"size": [o, 1], "mode": mode})
for mode in ("nearest", "nearest-exact"):
    resize((2, 1, 7, 9), {"size": [16, 4], "mode": mode}, labels=True)
# As large as in networks.
resize((1, 21, 64, 64), {"size": [512, 512]})
resize((1, 21, 65, 65), {"size": [513, 513], "alignCorners": True})
resize((1, 3, 180, 241), {"size": [97, 128], "antialias": True})
resize((1, 3, 97, 128), {"size": [260, 301], "mode": "bicubic"})
resize((1, 3, 375, 500), {"size": [97, 129], "mode": "bicubic", "antialias": True})
resize((1, 64, 32, 32), {"scaleFactor": 2, "mode": "nearest"})
resize((1, 5, 99, 101), {"scaleFactor": [2.37, 1.913]})

for r in (1, 2, 3, 4):
    n, c, h, w = draw.choice([1, 2]), draw.choice([1, 2, 3, 4]), draw.randint(1, 5), draw.randint(1, 5)
    family.case("pixelShuffle", {"upscaleFactor": r}, {"x": family.normal((n, c * r * r, h, w))}, lambda x: F.pixel_shuffle(x, r))
    family.case("pixelUnshuffle", {"downscaleFactor": r}, {"x": family.normal((n, c, h * r, w * r))}, lambda x: F.pixel_unshuffle(x, r))


def sample(shape, plane, reach, mode, padding, align, grid=None, name=None, gradients=True):
    n = shape[0]
    grid = family.uniform((n, *plane, 2), -reach, reach, plain=True) if grid is None else family.values(grid, plain=True)
    family.case("gridSample", {"mode": mode, "paddingMode": padding, "alignCorners": align}, {"x": family.normal(shape), "grid": grid},
                lambda x, grid: F.grid_sample(x, grid, mode=mode, padding_mode=padding, align_corners=align), name=name, gradients=gradients)


for mode in ("bilinear", "nearest"):
    for padding in ("zeros", "border", "reflection"):
        for align in (False, True):
            for reach in (1, 1.6, 25):
                sample(plane(9), (draw.randint(1, 8), draw.randint(1, 8)), reach, mode, padding, align)
nan, inf = float("nan"), float("inf")
# Positions that are not finite: PyTorch's backward may crash on them.
odd = torch.tensor([[nan, nan], [nan, 0.1], [0.1, nan], [inf, 0.1], [-inf, 0.1], [0.1, inf], [1e10, 0.1], [-1e10, 0.1], [0.3, 0.2]]).reshape(1, 1, -1, 2)
for mode in ("bilinear", "nearest"):
    for padding in ("zeros", "border"):
        sample((1, 2, 4, 5), None, None, mode, padding, False, grid=odd, name=f"not finite: {mode}, {padding}", gradients=False)
    sample((1, 2, 4, 5), None, None, mode, "reflection", True, grid=odd[:, :, :6], name=f"not finite: {mode}, reflection", gradients=False)
edges = torch.tensor([[-1, -1], [1, 1], [1, -1], [0, 0], [-0.75, 0.75], [1.25, 0.25], [-1.25, -3.0], [3, 5]]).reshape(1, 2, 4, 2)
for padding in ("zeros", "border", "reflection"):
    for align in (False, True):
        sample((1, 3, 4, 8), None, None, "bilinear", padding, align, grid=edges, name=f"edges, {padding}, alignCorners {align}")
for size, align in (([3, 4], False), ([5, 7], True), ([1, 1], False), ([1, 6], True), ([9, 2], False)):
    n = draw.choice([1, 2, 3])
    family.case("affineGrid", {"size": size, "alignCorners": align}, {"theta": family.normal((n, 2, 3))},
                lambda theta: F.affine_grid(theta, [n, 1, *size], align_corners=align), plain=True)
sample((1, 21, 64, 64), (128, 128), 1.1, "bilinear", "zeros", False)
sample((2, 4, 63, 81), (70, 95), 3, "bilinear", "reflection", True)
sample((1, 3, 200, 300), (40, 50), 1.2, "bilinear", "border", False)
family.write()
