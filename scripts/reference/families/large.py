"""Shapes as large as those of real networks, where faults of indexing show that small shapes hide; checked by sampling."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import torch
import torch.nn.functional as F

from configurations import Family

torch.set_num_threads(2)
family = Family("large", seed=51)


def convolution(shape, out, k, bias=True, **o):
    """Weights of the size that initialisers give, so that outputs are near 1 in magnitude."""
    n, c, h, w = shape
    groups = o.get("groups", 1)
    inputs = {"x": family.normal(shape), "weight": family.normal((out, c // groups, k, k), std=(c // groups * k * k) ** -0.5)}
    if bias:
        inputs["bias"] = family.normal((out,))
    family.case("conv2d", o, inputs, lambda x, weight, bias=None: F.conv2d(x, weight, bias, **o))


convolution((1, 3, 129, 97), 64, 7, stride=2, padding=3)
convolution((1, 64, 65, 129), 64, 3, padding=1)
convolution((2, 64, 33, 65), 32, 3, padding=2, dilation=2)
convolution((1, 128, 33, 33), 64, 3, padding=12, dilation=12)
convolution((1, 64, 64, 64), 128, 3, stride=2, padding=1)
convolution((1, 96, 65, 65), 96, 3, padding=1, groups=96, bias=False)
convolution((1, 96, 65, 33), 192, 3, stride=2, padding=1, groups=96)
convolution((1, 64, 63, 65), 64, 3, padding=1, groups=8)
convolution((1, 256, 33, 33), 48, 1)
convolution((1, 31, 67, 45), 21, 5, padding=2)


def transposed(shape, out, k, bias=True, **o):
    n, c, h, w = shape
    groups = o.get("groups", 1)
    inputs = {"x": family.normal(shape), "weight": family.normal((c, out // groups, k, k), std=(c // groups * k * k) ** -0.5)}
    if bias:
        inputs["bias"] = family.normal((out,))
    given = {("output_padding" if k == "outputPadding" else k): v for k, v in o.items()}
    family.case("convTranspose2d", o, inputs, lambda x, weight, bias=None: F.conv_transpose2d(x, weight, bias, **given))


transposed((1, 64, 16, 16), 32, 2, stride=2)
transposed((2, 64, 16, 16), 32, 3, stride=2, padding=1, outputPadding=1)
transposed((1, 128, 17, 33), 64, 2, stride=2)
transposed((1, 64, 32, 32), 32, 4, stride=2, padding=1)
transposed((1, 21, 16, 16), 21, 16, stride=8, padding=4, bias=False)
transposed((1, 21, 17, 19), 21, 4, stride=2, padding=1, groups=21, bias=False)
transposed((1, 33, 31, 29), 17, 3, stride=3, padding=1, outputPadding=2)

for shape, size, align in (((1, 21, 64, 64), (512, 512), False), ((1, 5, 65, 65), (513, 513), True), ((2, 19, 33, 65), (65, 129), False),
                           ((1, 64, 65, 129), (33, 65), False), ((1, 24, 129, 129), (128, 131), True)):
    family.case("resize", {"size": list(size), "alignCorners": align}, {"x": family.normal(shape)},
                lambda x: F.interpolate(x, size=size, mode="bilinear", align_corners=align))

for shape, k, s, p, ceil in (((1, 64, 129, 97), 3, 2, 1, False), ((1, 64, 65, 129), 2, 2, 0, True), ((1, 12, 63, 65), 3, 1, 1, False), ((1, 7, 65, 33), 5, 1, 2, False), ((1, 32, 112, 112), 3, 2, 0, True)):
    family.case("maxPool2d", {"kernelSize": k, "stride": s, "padding": p, "ceilMode": ceil}, {"x": family.distinct(shape, -100, 100)},
                lambda x: F.max_pool2d(x, k, s, p, ceil_mode=ceil))
    include = not ceil and s == 2
    family.case("avgPool2d", {"kernelSize": k, "stride": s, "padding": p, "ceilMode": ceil, "countIncludePad": include}, {"x": family.normal(shape)},
                lambda x: F.avg_pool2d(x, k, s, p, ceil_mode=ceil, count_include_pad=include))

for shape, mean, std in (((2, 64, 65, 65), 0, 1), ((4, 33, 31, 65), 100, 1), ((1, 256, 33, 33), -3, 0.5), ((8, 16, 64, 96), 0, 10)):
    family.case("batchNorm2d", {}, {"x": family.normal(shape, mean, std), "gamma": family.uniform((shape[1],), 0.5, 2), "beta": family.normal((shape[1],))},
                lambda x, gamma, beta: F.batch_norm(x, None, None, gamma, beta, training=True), name=f"x {list(shape)} mean {mean} deviation {std}")

for shape, options, arguments in (((1, 21, 129, 131), {"ignoreIndex": 255}, {}), ((2, 19, 97, 128), {"ignoreIndex": 255, "labelSmoothing": 0.1}, {"label_smoothing": 0.1}),
                                  ((1, 150, 65, 65), {"ignoreIndex": 255, "reduction": "none"}, {"reduction": "none"}), ((1, 2, 256, 255), {"ignoreIndex": 255, "reduction": "sum"}, {"reduction": "sum"})):
    n, c, h, w = shape
    family.case("crossEntropy", options, {"logits": family.normal(shape, std=3), "labels": family.whole((n, h, w), c, ignore=255, fraction=0.1)},
                lambda logits, labels: F.cross_entropy(logits, labels, ignore_index=255, **arguments))
family.write()
