"""Convolution, transposed convolution and padding: the full grid of strides, paddings, dilations and groups, draws over all
options with kernels up to 11x11, and shapes as large as those of a U-Net."""
import math
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import torch
import torch.nn.functional as F

from configurations import Family

family = Family("convolution", seed=3)
draw = family.draw


def sides(padding) -> tuple:
    """(left, right, top, bottom), as torch.nn.functional.pad takes them."""
    if isinstance(padding, dict):
        return tuple(padding.get(k, 0) for k in ("left", "right", "top", "bottom"))
    v, h = (padding, padding) if isinstance(padding, int) else padding
    return (h, h, v, v)


def tensorflow_same(x, weight, stride, dilation) -> tuple:
    """TensorFlow's SAME, https://www.tensorflow.org/api_docs/python/tf/nn#notes_on_padding_2, with the dilated kernel's reach."""
    def one(n, k, s, d):
        total = max((math.ceil(n / s) - 1) * s + d * (k - 1) + 1 - n, 0)
        return total // 2, total - total // 2
    return one(x.shape[3], weight.shape[3], stride[1], dilation[1]) + one(x.shape[2], weight.shape[2], stride[0], dilation[0])


def convolve(options, x, weight, bias=None):
    stride, dilation = options.get("stride", 1), options.get("dilation", 1)
    groups, padding, mode = options.get("groups", 1), options.get("padding", 0), options.get("paddingMode", "zeros")
    both = lambda v: (v, v) if isinstance(v, int) else tuple(v)
    if mode != "zeros" and padding in ("same", "valid"):
        # The layer knows these itself, so it says what they mean.
        layer = torch.nn.Conv2d(x.shape[1], weight.shape[0], weight.shape[2:], stride, padding, dilation, groups, bias is not None, mode, dtype=torch.float64)
        parameters = {"weight": weight, **({} if bias is None else {"bias": bias})}
        return torch.func.functional_call(layer, parameters, (x,))
    if padding in ("same", "valid"):
        return F.conv2d(x, weight, bias, stride, padding, dilation, groups)
    frame = tensorflow_same(x, weight, both(stride), both(dilation)) if padding == "same-tensorflow" else sides(padding)
    if mode == "zeros" and frame[0] == frame[1] and frame[2] == frame[3]:
        return F.conv2d(x, weight, bias, stride, (frame[2], frame[0]), dilation, groups)
    framed = F.pad(x, frame) if mode == "zeros" else F.pad(x, frame, mode=mode)
    return F.conv2d(framed, weight, bias, stride, 0, dilation, groups)


def transpose(options, x, weight, bias=None):
    """By the layer, whose forward takes output_size; sides that differ are cut from a result without padding."""
    given = {k: options.get(k, 1) for k in ("stride", "dilation", "groups")}
    left, right, top, bottom = sides(options.get("padding", 0))
    if (left, top) != (right, bottom):
        out = F.conv_transpose2d(x, weight, bias, given["stride"], 0, options.get("outputPadding", 0), given["groups"], given["dilation"])
        return out[:, :, top:out.shape[2] - bottom, left:out.shape[3] - right]
    layer = torch.nn.ConvTranspose2d(x.shape[1], weight.shape[1] * given["groups"], tuple(weight.shape[2:]), padding=(top, left), bias=bias is not None,
                                     output_padding=options.get("outputPadding", 0), **given, dtype=torch.float64)
    return torch.func.functional_call(layer, {"weight": weight, **({} if bias is None else {"bias": bias})}, (x, options.get("outputSize")))


def tensors(x, weight, bias) -> dict:
    """Inputs; the bias has the given size, or is left out for 0."""
    return {"x": family.normal(x), "weight": family.normal(weight), **({"bias": family.normal((bias,))} if bias else {})}


def case(op, options, inputs, name=None) -> None:
    function = {"conv2d": convolve, "convTranspose2d": transpose}[op]
    try:
        family.case(op, options, inputs, lambda **given: function(options, **given), name)
    except RuntimeError as error:
        raise SystemExit(f"{op} {options} {[tuple(t.shape) for t in inputs.values()]}: {error}") from error


# The full grid of the issue, each cell with its own odd sizes.
for stride in (1, 2):
    for padding in (0, 1, 2):
        for dilation in (1, 2, 3):
            for groups in (1, 2):
                options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
                kernel = (3, draw.choice([1, 2, 3, 4]))
                c, o = groups * draw.choice([1, 2, 3, 4, 5, 8]), groups * draw.choice([1, 2, 3, 4, 5, 8])
                h, w = (dilation * (k - 1) + 1 + draw.choice([0, 1, 2, 3, 4, 7]) for k in kernel)
                case("conv2d", options, tensors((draw.choice([1, 2]), c, h, w), (o, c // groups, *kernel), o))
                # Small maps must not vanish under the padding.
                h, w = (math.ceil((2 * padding - dilation * (k - 1)) / stride) + 2 + draw.randrange(4) if 2 * padding > dilation * (k - 1) else draw.randint(1, 6) for k in kernel)
                case("convTranspose2d", options, tensors((draw.choice([1, 2]), c, h, w), (c, o // groups, *kernel), o))

kernels = [1, 1, 2, 3, 3, 3, 4, 5, 7, 9, 11]
strides, dilations = [1, 1, 1, 2, 2, 3, 4], [1, 1, 1, 2, 2, 3, 4]
channels = [1, 2, 3, 4, 5, 7, 8, 12, 16]


def groups_and_channels() -> tuple:
    """groups, channels per group before, and after the convolution: one group, several, or depthwise with a multiplier."""
    kind = draw.choice(["one", "one", "several", "depthwise"])
    if kind == "one":
        return 1, draw.choice(channels), draw.choice(channels)
    if kind == "several":
        return draw.choice([2, 3, 4]), draw.choice([1, 2, 3, 4]), draw.choice([1, 2, 3, 4])
    return draw.choice(channels), 1, draw.choice([1, 1, 2, 3])


def reach(kernel, dilation) -> list:
    return [d * (k - 1) + 1 for k, d in zip(kernel, dilation)]


def draw_conv2d() -> None:
    groups, cg, og = groups_and_channels()
    kernel = [draw.choice(kernels) for _ in range(2)]
    stride, dilation = [draw.choice(strides) for _ in range(2)], [draw.choice(dilations) if k < 7 else 1 for k in kernel]
    size = [draw.randint(1, 4) + (r if draw.random() < 0.7 else (r + 1) // 2) for r in reach(kernel, dilation)]
    missing = [max(r - n, 0) for r, n in zip(reach(kernel, dilation), size)]
    mode = draw.choice(["zeros", "zeros", "reflect", "replicate", "circular"])
    most = [{"reflect": n - 1, "circular": n}.get(mode, 5) for n in size]
    kind = draw.choice(["all", "pair", "pair", "sides", "sides", "same", "same-tensorflow", "same-tensorflow"])
    if kind == "same":
        stride = [1, 1]
        padding = "same"
    elif kind == "same-tensorflow":
        padding = kind
    else:
        # At least what the kernel needs to fit, at most what the mode can show.
        least = [math.ceil(m / 2) for m in missing]
        if any(a > b for a, b in zip(least, most)):
            return draw_conv2d()
        v, h = (draw.randint(a, max(a, min(b, a + 3))) for a, b in zip(least, most))
        padding = max(v, h) if kind == "all" else [v, h]
        if kind == "all" and padding > min(most):
            return draw_conv2d()
        if kind == "sides":
            padding = {"top": v, "bottom": draw.randint(least[0], v), "left": draw.randint(least[1], h), "right": h}
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups, "paddingMode": mode}
    x, weight = (draw.choice([1, 2]), groups * cg, *size), (groups * og, cg, *kernel)
    if isinstance(padding, str):
        wants = tensorflow_same(torch.empty(x), torch.empty(weight), stride, dilation)
        if max(wants[:2]) > most[1] and mode != "zeros" or max(wants[2:]) > most[0] and mode != "zeros":
            return draw_conv2d()
    case("conv2d", options, tensors(x, weight, draw.choice([0, groups * og])))


def draw_transposed() -> None:
    groups, cg, og = groups_and_channels()
    kernel = [draw.choice(kernels) for _ in range(2)]
    stride, dilation = [draw.choice(strides) for _ in range(2)], [draw.choice(dilations) if k < 7 else 1 for k in kernel]
    size = [draw.randint(1, 5) for _ in range(2)]
    whole = [(n - 1) * s + r for n, s, r in zip(size, stride, reach(kernel, dilation))]
    v, h = (draw.randint(0, min(4, (n - 1) // 2)) for n in whole)
    kind = draw.choice(["pair", "pair", "sides", "outputSize"])
    options = {"stride": stride, "padding": [v, h], "dilation": dilation, "groups": groups}
    if kind == "sides":
        options["padding"] = {"top": v, "left": draw.randint(0, h), "right": h}
    if kind == "outputSize":
        options["outputSize"] = [n - 2 * p + draw.randrange(s) for n, p, s in zip(whole, (v, h), stride)]
    else:
        options["outputPadding"] = [draw.randrange(max(s, d)) for s, d in zip(stride, dilation)]
    case("convTranspose2d", options, tensors((draw.choice([1, 2]), groups * cg, *size), (groups * cg, og, *kernel), draw.choice([0, groups * og])))


for _ in range(60):
    draw_conv2d()
for _ in range(35):
    draw_transposed()

# As large as real networks: sampled.
big = [
    ("conv2d", {"padding": 1}, (1, 64, 64, 64), (64, 64, 3, 3), 64, "a U-Net's, 64 to 64"),
    ("conv2d", {"padding": 12, "dilation": 12}, (1, 48, 33, 33), (32, 48, 3, 3), 0, "ASPP, rate 12"),
    ("conv2d", {"stride": 2, "padding": 3}, (2, 3, 97, 113), (64, 3, 7, 7), 64, "a ResNet's stem, odd sizes"),
    ("conv2d", {"padding": 1, "groups": 2}, (1, 33 * 2, 47, 61), (19 * 2, 33, 3, 3), 38, "33 to 19 in two groups"),
    ("conv2d", {"padding": "same-tensorflow", "stride": 2, "groups": 40}, (1, 40, 65, 65), (40, 1, 5, 5), 40, "depthwise, TensorFlow's SAME"),
    ("conv2d", {}, (1, 128, 40, 40), (21, 128, 1, 1), 21, "a head of 21 classes"),
    ("convTranspose2d", {"stride": 2}, (1, 64, 16, 16), (64, 32, 2, 2), 32, "a U-Net's, 64 to 32 channels, 16 to 32 rows"),
    ("convTranspose2d", {"stride": 2, "padding": 1, "outputPadding": 1}, (1, 33, 31, 45), (33, 19, 3, 3), 19, "33 to 19, odd sizes"),
    ("convTranspose2d", {"stride": 8, "padding": 4}, (1, 21, 17, 13), (21, 21, 16, 16), 0, "an FCN's, by 8"),
    ("convTranspose2d", {"stride": 2, "padding": 1, "groups": 4}, (2, 64, 20, 24), (64, 8, 4, 4), 32, "groups, by 2"),
]
for op, options, x, weight, bias, name in big:
    case(op, options, tensors(x, weight, bias), name)


def frame_case(options, x, name=None) -> None:
    """`options` hold the sides; an axis without torch's modes is padded by hand."""
    mode, value = options.get("mode", "constant"), options.get("value")
    wanted = sides({k: options.get(k, 0) for k in ("top", "bottom", "left", "right")})
    family.case("pad2d", options, {"x": x}, lambda x: F.pad(x, wanted, mode=mode, value=value), name)


for mode in ("constant", "reflect", "replicate", "circular"):
    for i in range(8):
        n, c, h, w = draw.choice([1, 2]), draw.choice([1, 3, 4, 8]), draw.randint(2, 7), draw.randint(2, 7)
        most = {"reflect": (h - 1, w - 1), "circular": (h, w)}.get(mode, (6, 6))
        negative = i % 3 == 2
        one = lambda n, m: draw.randint(-(n // 2) if negative else 0, m)
        top, left = one(h - 1, most[0]), one(w - 1, most[1])
        # PyTorch reads before it has written when a circular frame is wider than what a cut leaves.
        room = lambda n, m, before: min(m, n + min(before, 0)) if mode == "circular" else m
        bottom, right = one(h - 1, room(h, most[0], top)), one(w - 1, room(w, most[1], left))
        if mode == "circular":
            top, left = min(top, h + min(bottom, 0)), min(left, w + min(right, 0))
        options = {"mode": mode, "top": top, "bottom": bottom, "left": left, "right": right}
        frame_case(options | ({"value": draw.choice([0, -1.5, 255])} if mode == "constant" else {}), family.normal((n, c, h, w)))
frame_case({"top": 1, "right": 2, "value": 255}, family.whole((1, 1, 4, 5), 6), "labels with ignored ones around")
frame_case({"top": 37, "left": 21, "bottom": 5, "right": 44, "mode": "reflect"}, family.normal((2, 4, 63, 45)), "large, reflect")
frame_case({"top": 37, "left": 45, "bottom": 5, "right": 44, "mode": "circular"}, family.normal((2, 3, 63, 45)), "large, circular")
for i in range(6):
    rank = draw.randint(1, 5)
    shape = [draw.randint(2, 5) for _ in range(rank)]
    widths = [[draw.randint(-1, 3), draw.randint(0, 3)] for _ in range(rank)]
    value = draw.choice([0, 2.5])
    flat = [n for width in reversed(widths) for n in width]
    family.case("pad", {"widths": widths, "value": value}, {"x": family.normal(shape, plain=True)}, lambda x: F.pad(x, flat, value=value), plain=True)
for mode in ("reflect", "replicate", "circular"):
    # PyTorch's modes pad the last axis of [n, c, length].
    family.case("pad", {"widths": [0, 0, [2, 3]], "mode": mode}, {"x": family.normal((2, 3, 5))}, lambda x: F.pad(x, (2, 3), mode=mode))
family.write()
