"""What PyTorch does where a reference of one's own cannot tell right from wrong: rounding of sizes, alignment, divisors,
index order, unbiased variances, ignored labels. Each case: inputs, options as the library calls them, outputs, and the
gradients of sum(out * cotangent)."""
import torch
import torch.nn.functional as F

from fixture import plain, write

torch.manual_seed(0)
cases = []


def random(*shape: int) -> torch.Tensor:
    """Two decimals, so that the file stays small; computed in double precision."""
    return (torch.randn(shape, dtype=torch.float64) * 100).round() / 100


def case(op: str, function, inputs: dict, options: dict, name: str) -> None:
    wanted = {k: t.requires_grad_() for k, t in inputs.items() if t.is_floating_point()}
    outputs = function(**inputs)
    outputs = outputs if isinstance(outputs, dict) else {"out": outputs}
    cotangent = random(*outputs["out"].shape)
    grads = torch.autograd.grad(outputs["out"], list(wanted.values()), cotangent)
    cases.append({
        "op": op, "name": name, "options": options,
        "inputs": {k: plain(t) for k, t in inputs.items()},
        "outputs": {k: plain(t) for k, t in outputs.items()},
        "cotangent": plain(cotangent),
        "grads": {k: plain(g) for k, g in zip(wanted, grads)},
    })


case("conv2d", lambda x, weight, bias: F.conv2d(x, weight, bias, stride=2, padding=1, dilation=2, groups=2),
     {"x": random(1, 4, 7, 6), "weight": random(2, 2, 3, 3), "bias": random(2)},
     {"stride": 2, "padding": 1, "dilation": 2, "groups": 2}, "stride, padding, dilation, groups")
case("conv2d", lambda x, weight: F.conv2d(x, weight, stride=(1, 2), padding=(2, 0)),
     {"x": random(2, 3, 4, 5), "weight": random(2, 3, 3, 2)},
     {"stride": [1, 2], "padding": [2, 0]}, "rows and columns apart")

case("convTranspose2d", lambda x, weight, bias: F.conv_transpose2d(x, weight, bias, stride=2, padding=1, output_padding=1, groups=2, dilation=1),
     {"x": random(1, 4, 3, 2), "weight": random(4, 2, 3, 3), "bias": random(4)},
     {"stride": 2, "padding": 1, "outputPadding": 1, "groups": 2}, "output padding and groups")
case("convTranspose2d", lambda x, weight: F.conv_transpose2d(x, weight, stride=(3, 1), dilation=(1, 2), output_padding=(2, 1)),
     {"x": random(1, 2, 2, 3), "weight": random(2, 1, 2, 2)},
     {"stride": [3, 1], "dilation": [1, 2], "outputPadding": [2, 1]}, "output padding below stride or dilation")

for size, k, s, p, d, ceil in [(5, 2, 2, 0, 1, True), (5, 2, 2, 0, 1, False), (5, 3, 2, 1, 1, True), (6, 3, 2, 1, 1, True), (7, 2, 3, 1, 2, True), (4, 2, 3, 1, 1, True)]:
    def pool(x, k=k, s=s, p=p, d=d, ceil=ceil):
        out, indices = F.max_pool2d(x, k, s, p, d, ceil_mode=ceil, return_indices=True)
        return {"out": out, "indices": indices}
    case("maxPool2dWithIndices", pool, {"x": random(1, 2, size, size + 1)},
         {"kernelSize": k, "stride": s, "padding": p, "dilation": d, "ceilMode": ceil}, f"size {size}, kernel {k}, stride {s}, padding {p}, dilation {d}, ceil {ceil}")
ties = torch.zeros(1, 1, 4, 4, dtype=torch.float64)
case("maxPool2dWithIndices", lambda x: dict(zip(("out", "indices"), F.max_pool2d(x, 3, 1, 1, return_indices=True))), {"x": ties},
     {"kernelSize": 3, "stride": 1, "padding": 1}, "ties take the first")

for ceil, include, divisor in [(True, True, None), (True, False, None), (False, True, None), (True, True, 5)]:
    case("avgPool2d", lambda x, c=ceil, i=include, v=divisor: F.avg_pool2d(x, 3, 2, 1, ceil_mode=c, count_include_pad=i, divisor_override=v),
         {"x": random(1, 2, 6, 5)},
         {"kernelSize": 3, "stride": 2, "padding": 1, "ceilMode": ceil, "countIncludePad": include, **({"divisorOverride": divisor} if divisor else {})},
         f"ceil {ceil}, padding counts {include}, divisor {divisor}")

source = random(1, 2, 5, 7)
pooled, where = F.max_pool2d(source, 2, ceil_mode=True, return_indices=True)
case("maxUnpool2d", lambda x, indices: F.max_unpool2d(x, indices, 2, output_size=(5, 7)), {"x": pooled.detach(), "indices": where},
     {"kernelSize": 2, "outputSize": [5, 7]}, "output size of a ceil-mode pool")

for n, o in [(7, 3), (5, 4), (3, 5)]:
    case("adaptiveAvgPool2d", lambda x, o=o: F.adaptive_avg_pool2d(x, (o, 2)), {"x": random(1, 2, n, 5)}, {"outputSize": [o, 2]}, f"{n} to {o}")

for size in [(7, 9), (3, 2), (1, 5), (4, 5)]:
    for align in (True, False):
        case("resize", lambda x, s=size, a=align: F.interpolate(x, size=s, mode="bilinear", align_corners=a), {"x": random(1, 2, 4, 5)},
             {"size": list(size), "alignCorners": align}, f"bilinear to {size}, align corners {align}")
    case("resize", lambda x, s=size: F.interpolate(x, size=s, mode="nearest"), {"x": random(1, 2, 4, 5)}, {"size": list(size), "mode": "nearest"}, f"nearest to {size}")


def batch_norm(x, gamma, beta):
    mean, var = torch.tensor([0.5, -1.0, 2.0], dtype=torch.float64), torch.tensor([1.0, 2.0, 0.25], dtype=torch.float64)
    out = F.batch_norm(x, mean, var, gamma, beta, training=True, momentum=0.1, eps=1e-5)
    return {"out": out, "runningMean": mean, "runningVar": var}


case("batchNorm2d", batch_norm, {"x": random(2, 3, 3, 2), "gamma": random(3), "beta": random(3)}, {}, "training; running statistics from [0.5, -1, 2] and [1, 2, 0.25]")

labels = torch.tensor([[[0, 1, 255], [3, 2, 1]]])
for options, arguments in [({"ignoreIndex": 255}, {}), ({"ignoreIndex": 255, "weight": [0.5, 2, 1, 0.25]}, {"weight": torch.tensor([0.5, 2, 1, 0.25], dtype=torch.float64)}),
                           ({"ignoreIndex": 255, "labelSmoothing": 0.2, "weight": [0.5, 2, 1, 0.25]}, {"label_smoothing": 0.2, "weight": torch.tensor([0.5, 2, 1, 0.25], dtype=torch.float64)}),
                           ({"ignoreIndex": 255, "labelSmoothing": 0.1, "reduction": "none"}, {"label_smoothing": 0.1, "reduction": "none"})]:
    case("crossEntropy", lambda logits, labels, a=arguments: F.cross_entropy(logits, labels, ignore_index=255, **a), {"logits": random(1, 4, 2, 3), "labels": labels}, options, str(options))

case("binaryCrossEntropy", lambda logits, labels: F.binary_cross_entropy_with_logits(logits[:, 0], labels.double(), pos_weight=torch.tensor(3.0, dtype=torch.float64)),
     {"logits": random(1, 1, 2, 3), "labels": torch.tensor([[[0, 1, 1], [0, 0, 1]]])}, {"positiveWeight": 3}, "positive weight")

for size in (5, 4, 3):
    case("localResponseNorm", lambda x, n=size: F.local_response_norm(x, n, alpha=0.5, beta=0.75, k=2.0), {"x": random(1, 6, 2, 2)}, {"size": size, "alpha": 0.5, "beta": 0.75, "k": 2}, f"size {size}")

write("pytorch-conventions", {"cases": cases})
