"""The benchmark's cases in PyTorch on a CUDA GPU, added to results that `npm run bench -- --save` left.

    python3 bench/peers/pytorch.py --shapes shapes.json --results bench/results [--adapter FOLDER] [--only NAME ...] [--rounds 5]

Modes: eager f32 without TF32, the same compiled (torch.compile), eager with TF32, and mixed precision (autocast to f16) with channels-last.
Times are of CUDA events around many runs, medians of rounds. Other than the peers in Node this is another process: ratios are of medians
and are not paired. DeepLabV3-ResNet-50 needs torchvision; networks that neither has are left out. `--shapes` is what
scripts/bundle-remote/shapes.ts writes. Feature maps are NCHW here, in channels-last memory where the mode says so.
"""
import argparse
import json
import statistics
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

MODES = ("eager f32", "compiled f32", "eager TF32", "AMP channels-last")
SAMPLE_MS = 40


def double_conv(a, b):
    return nn.Sequential(nn.Conv2d(a, b, 3, padding=1, bias=False), nn.BatchNorm2d(b), nn.ReLU(True), nn.Conv2d(b, b, 3, padding=1, bias=False), nn.BatchNorm2d(b), nn.ReLU(True))


class UNet(nn.Module):
    """milesial's U-Net with transposed convolutions, 31,037,698 parameters for two classes."""

    def __init__(self, classes=2, widths=(64, 128, 256, 512, 1024)):
        super().__init__()
        self.inc = double_conv(3, widths[0])
        self.down = nn.ModuleList(double_conv(a, b) for a, b in zip(widths, widths[1:]))
        self.up = nn.ModuleList(nn.ConvTranspose2d(b, a, 2, stride=2) for a, b in reversed(list(zip(widths, widths[1:]))))
        self.merge = nn.ModuleList(double_conv(2 * a, a) for a in reversed(widths[:-1]))
        self.outc = nn.Conv2d(widths[0], classes, 1)

    def forward(self, x):
        maps = [self.inc(x)]
        for block in self.down:
            maps.append(block(F.max_pool2d(maps[-1], 2)))
        x = maps.pop()
        for up, merge in zip(self.up, self.merge):
            x = merge(torch.cat([maps.pop(), up(x)], 1))
        return self.outc(x)


class Logits(nn.Module):
    """torchvision's networks return a dictionary."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, x):
        return self.inner(x)["out"]


def network(name):
    if name.startswith("unet 64-1024"):
        return UNet(), 2
    if name.startswith("deeplabv3 resnet-50"):
        try:
            from torchvision.models.segmentation import deeplabv3_resnet50
        except ImportError:
            return None
        return Logits(deeplabv3_resnet50(weights=None, weights_backbone=None, num_classes=21, aux_loss=False)), 21
    return None


def geometry(name):
    """Width and height, and batch, out of a network case's name: "… 257x257 batch 4"."""
    words = name.split()
    size = next(word for word in words if "x" in word and word.replace("x", "").isdigit())
    width, height = map(int, size.split("x"))
    return width, height, int(words[words.index("batch") + 1]) if "batch" in words else 1


def network_case(case, device, layout):
    found = network(case["name"])
    if not found:
        return None
    model, classes = found
    width, height, batch = geometry(case["name"])
    model = model.to(device, memory_format=layout)
    x = torch.rand(batch, 3, height, width, device=device).contiguous(memory_format=layout)
    if case["group"] == "networks" or "forward" in case["name"]:
        model.train(case["group"] != "networks")

        def forward():
            with torch.no_grad():
                return model(x)

        return forward, model
    labels = torch.randint(classes, (batch, height, width), device=device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
    # What f16 gradients need so as not to vanish; it does nothing in the other modes.
    scaler = torch.amp.GradScaler(device.type, enabled=torch.is_autocast_enabled(device.type))

    def step():
        optimizer.zero_grad(set_to_none=True)
        scaler.scale(F.cross_entropy(model(x).float(), labels)).backward()
        scaler.step(optimizer)
        scaler.update()

    return step, model


def nchw(shape, device, layout):
    return torch.rand(shape[0], shape[3], shape[1], shape[2], device=device).mul_(2).sub_(1).contiguous(memory_format=layout)


def operator_case(case, device, layout):
    spec, shapes = case.get("spec"), case.get("shapes")
    if not spec or not shapes:
        return None
    kind = spec["kind"]
    if kind == "matmul":
        a, b = (torch.rand(shapes[name], device=device) for name in "ab")
        return lambda: a @ b
    x = nchw(shapes["x"], device, layout) if "x" in shapes else None
    if kind == "conv2d":
        # [out, k, k, in / groups] is the memory of [out, in / groups, k, k] in channels-last order.
        weight = nchw(shapes["weight"], device, layout)
        options = ([spec["stride"]] * 2, [spec["padding"]] * 2, [spec["dilation"]] * 2)
        if spec["direction"] == "forward":
            return lambda: F.conv2d(x, weight, None, *options, spec["groups"])
        grad = nchw(shapes["grad"], device, layout)
        wanted = (spec["direction"] == "input gradient", spec["direction"] == "weight gradient", False)
        if torch.is_autocast_enabled(device.type):
            x, weight, grad = x.half(), weight.half(), grad.half()
        return lambda: torch.ops.aten.convolution_backward(grad, x, weight, None, *options, False, [0, 0], spec["groups"], wanted)
    if kind == "convTranspose2d":
        n, kh, kw, out = shapes["weight"]
        weight = torch.rand(n, out, kh, kw, device=device).contiguous(memory_format=layout)
        return lambda: F.conv_transpose2d(x, weight, stride=spec["stride"])
    if kind == "maxPool2d":
        return lambda: F.max_pool2d(x, spec["kernel"])
    if kind == "avgPool2d":
        return lambda: F.avg_pool2d(x, spec["kernel"])
    if kind == "resize" and spec["direction"] == "forward":
        return lambda: F.interpolate(x, scale_factor=spec["scale"], mode="bilinear")
    if kind == "softmax":
        return lambda: F.softmax(x, 1)
    if kind == "batchNorm2d" and spec["direction"] == "forward":
        gamma, beta = (torch.rand(shapes[name], device=device) for name in ("gamma", "beta"))
        return lambda: F.batch_norm(x, None, None, gamma, beta, True)
    if kind in ("concat", "addRelu"):
        a, b = (nchw(shapes[name], device, layout) for name in "ab")
        return (lambda: torch.cat([a, b], 1)) if kind == "concat" else (lambda: F.relu(a + b))
    return None


def timed(run, rounds, device):
    """Milliseconds per run, one for each round."""
    cuda = device.type == "cuda"

    def sample(repeats):
        if not cuda:
            from time import perf_counter
            start = perf_counter()
            for _ in range(repeats):
                run()
            return 1000 * (perf_counter() - start) / repeats
        start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        start.record()
        for _ in range(repeats):
            run()
        end.record()
        end.synchronize()
        return start.elapsed_time(end) / repeats

    for _ in range(3):
        once = sample(1)
    repeats = max(1, min(200, round(SAMPLE_MS / max(once, 1e-3))))
    return [sample(repeats) for _ in range(rounds)]


def measure(case, mode, rounds, device):
    tf32 = mode == "eager TF32"
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = tf32
    torch.backends.cudnn.benchmark = True
    amp = mode.startswith("AMP")
    layout = torch.channels_last if amp else torch.contiguous_format
    with torch.autocast(device.type, dtype=torch.float16 if device.type == "cuda" else torch.bfloat16, enabled=amp):
        made = operator_case(case, device, layout) if case["group"] == "operators" else network_case(case, device, layout)
        if made is None:
            return None
        run = made[0] if isinstance(made, tuple) else made
        if mode.startswith("compiled"):
            if isinstance(made, tuple):
                made[1].compile()
            else:
                run = torch.compile(run)
        times = timed(run, rounds, device)
    quartiles = statistics.quantiles(times, n=4, method="inclusive") if len(times) > 1 else [times[0]] * 3
    middle = statistics.median(times)
    figures = {"medianMs": middle, "quartilesMs": [quartiles[0], quartiles[2]], "timesMs": times}
    if case["flops"]:
        figures["gflops"] = case["flops"] / middle / 1e6
    if case["bytes"]:
        figures["gigabytesPerSecond"] = case["bytes"] / middle / 1e6
    return figures


def add(row, contender, figures):
    ours = row["contenders"].get("atrous", {})
    if "absent" not in figures and "medianMs" in ours:
        low, high = (theirs / own for theirs, own in zip(figures["quartilesMs"], reversed(ours["quartilesMs"])))
        figures["ratio"] = {"median": figures["medianMs"] / ours["medianMs"], "low": low, "high": high}
    row["contenders"][contender] = figures


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--shapes", type=Path, required=True)
    parser.add_argument("--results", type=Path, required=True)
    parser.add_argument("--adapter", help="folder of results; default: the only one")
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--device", default="cuda")
    options = parser.parse_args()
    device = torch.device(options.device)
    folders = [folder for folder in options.results.iterdir() if folder.is_dir() and options.adapter in (None, folder.name)]
    if len(folders) != 1:
        parser.error(f"--adapter must name one of {', '.join(folder.name for folder in options.results.iterdir() if folder.is_dir()) or 'no folders: run the benchmark with --save first'}")
    cases = {case["name"]: case for case in json.loads(options.shapes.read_text())}
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"
    print(f"PyTorch {torch.__version__} on {name}")
    for file in sorted(folders[0].glob("*.json")):
        results = json.loads(file.read_text())
        for row in results.get("rows", []):
            case = cases.get(row["name"])
            if not case or (options.only and not any(part in row["name"] for part in options.only)):
                continue
            for mode in MODES:
                try:
                    figures = measure(case, mode, options.rounds, device)
                except Exception as error:  # one case that a version of PyTorch cannot run is no reason to lose the others
                    figures = {"absent": str(error).split("\n")[0][:200]}
                if figures is None:
                    continue
                add(row, f"pytorch {mode}", figures)
                results["peers"][f"pytorch {mode}"] = {"version": torch.__version__, "notes": [f"{name}; a process of its own, CUDA events, ratios of medians"]}
                print(f"{row['name']}, {mode}: {figures.get('absent') or format(figures['medianMs'], '.3f') + ' ms'}", flush=True)
                torch._dynamo.reset()
        file.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")


main()
