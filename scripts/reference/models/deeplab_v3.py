"""DeepLab v3 (Chen et al. 2017) and v3+ (Chen et al. 2018) in the geometry of TensorFlow's release, at narrow widths, and DeepLab v3+ with
Xception-65 whole. Strides turn into rates while a network runs, as in slim's stack_blocks_dense; sizes are those of scale_dimension."""
import math
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import torch
from torch import nn
from torch.nn import functional as F

from networks import Networks


class ConvBN(nn.Sequential):
    """slim.conv2d and slim.separable_conv2d with a batch norm. Stride and rate are given when it runs; the padding is fixed, or TensorFlow's SAME."""
    def __init__(self, c_in, c_out, k=1, groups=1, act=F.relu, eps=1e-5, momentum=0.0003, same=False):
        super().__init__(nn.Conv2d(c_in, c_out, k, groups=groups, bias=False), nn.BatchNorm2d(c_out, eps, momentum))
        self.k, self.act, self.same = k, act, same

    def forward(self, x, stride=1, rate=1):
        conv, norm = self
        reach = (self.k - 1) * rate
        pads = []
        for n in (x.shape[3], x.shape[2]):
            total = max((math.ceil(n / stride) - 1) * stride + reach + 1 - n, 0) if self.same else reach
            pads += [total // 2, total - total // 2]
        h = norm(F.conv2d(F.pad(x, pads), conv.weight, None, stride, 0, rate, conv.groups))
        return self.act(h) if self.act else h


class Separable(nn.Module):
    def __init__(self, c_in, c_out, act=F.relu, **norm):
        super().__init__()
        self.depthwise = ConvBN(c_in, c_in, 3, c_in, act, **norm)
        self.pointwise = ConvBN(c_in, c_out, 1, 1, act, **norm)

    def forward(self, x, stride=1, rate=1):
        return self.pointwise(self.depthwise(x, stride, rate))


# --- Backbones: each returns the map at stride 4 and the last one ---

class XceptionModule(nn.Module):
    def __init__(self, c_in, depths, stride, skip, inside=False, unit_rates=(1, 1, 1), **norm):
        super().__init__()
        act = F.relu if inside else None
        self.separable_conv1 = Separable(c_in, depths[0], act, **norm)
        self.separable_conv2 = Separable(depths[0], depths[1], act, **norm)
        self.separable_conv3 = Separable(depths[1], depths[2], act, **norm)
        if skip == "conv":
            self.shortcut = ConvBN(c_in, depths[2], act=None, **norm)
        self.stride, self.skip, self.before, self.unit_rates = stride, skip, (lambda x: x) if inside else F.relu, unit_rates

    def forward(self, x, stride, rate):
        a, b, c = (rate * r for r in self.unit_rates)
        h = self.separable_conv1(self.before(x), 1, a)
        self.end_point = h = self.separable_conv2(self.before(h), 1, b)
        h = self.separable_conv3(self.before(h), stride, c)
        return h + self.shortcut(x, stride) if self.skip == "conv" else h + x if self.skip == "sum" else h


def container(**parts):
    module = nn.Module()
    for name, part in parts.items():
        module.add_module(name, part)
    return module


class Xception(nn.Module):
    def __init__(self, width, units, output_stride, multi_grid=(1, 1, 1), momentum=0.0003):
        super().__init__()
        norm = {"eps": 1e-3, "momentum": momentum}
        c = lambda n: round(n * width)
        unit = lambda *a, **k: container(unit_1=XceptionModule(*a, **k, **norm))
        self.entry_flow = container(
            conv1_1=ConvBN(3, c(32), 3, **norm), conv1_2=ConvBN(c(32), c(64), 3, **norm),
            block1=unit(c(64), [c(128)] * 3, 2, "conv"), block2=unit(c(128), [c(256)] * 3, 2, "conv"), block3=unit(c(256), [c(728)] * 3, 2, "conv"))
        self.middle_flow = container(block1=container(**{f"unit_{i + 1}": XceptionModule(c(728), [c(728)] * 3, 1, "sum", **norm) for i in range(units)}))
        self.exit_flow = container(
            block1=unit(c(728), [c(728), c(1024), c(1024)], 2, "conv"),
            block2=unit(c(1024), [c(1536), c(1536), c(2048)], 1, "none", inside=True, unit_rates=multi_grid))
        self.output_stride, self.channels = output_stride, (c(256), c(2048))

    def forward(self, x):
        entry = self.entry_flow
        x = entry.conv1_2(entry.conv1_1(x, 2))
        current, rate = 2, 1
        for block in (entry.block1, entry.block2, entry.block3, self.middle_flow.block1, self.exit_flow.block1, self.exit_flow.block2):
            for unit in block.children():
                if current == self.output_stride:
                    x = unit(x, 1, rate)
                    rate *= unit.stride
                else:
                    x = unit(x, unit.stride, 1)
                    current *= unit.stride
        return entry.block2.unit_1.end_point, x


class Bottleneck(nn.Module):
    def __init__(self, c_in, planes, **norm):
        super().__init__()
        for i, (a, b, k) in enumerate([(c_in, planes, 1), (planes, planes, 3), (planes, 4 * planes, 1)], 1):
            setattr(self, f"conv{i}", nn.Conv2d(a, b, k, bias=False))
            setattr(self, f"bn{i}", nn.BatchNorm2d(b, 1e-5, **norm))

    def shorten(self, c_in, c_out, **norm):
        self.downsample = nn.Sequential(nn.Conv2d(c_in, c_out, 1, bias=False), nn.BatchNorm2d(c_out, 1e-5, **norm))
        return self

    def forward(self, x, stride=1, rate=1):
        h = F.relu(self.bn1(self.conv1(x)))
        h = F.relu(self.bn2(F.conv2d(F.pad(h, [rate] * 4), self.conv2.weight, None, stride, 0, rate)))
        h = self.bn3(self.conv3(h))
        shortcut = self.downsample[1](F.conv2d(x, self.downsample[0].weight, None, stride)) if hasattr(self, "downsample") else x
        return F.relu(h + shortcut)


class ResNet(nn.Module):
    """torchvision's, with the stride in the first unit of a stage. slim has it in the last unit of the stage before: a whole stage gets the new rate."""
    def __init__(self, width, blocks, output_stride, multi_grid=None, momentum=0.05):
        super().__init__()
        norm = {"momentum": momentum}
        self.conv1, self.bn1 = nn.Conv2d(3, width, 7, 2, 3, bias=False), nn.BatchNorm2d(width, 1e-5, **norm)
        c = width
        for i, count in enumerate(blocks):
            planes = width * 2**i
            first = Bottleneck(c, planes, **norm).shorten(c, 4 * planes, **norm)
            setattr(self, f"layer{i + 1}", nn.Sequential(first, *[Bottleneck(4 * planes, planes, **norm) for _ in range(count - 1)]))
            c = 4 * planes
        self.output_stride, self.multi_grid, self.channels = output_stride, multi_grid or [1] * blocks[3], (4 * width, c)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        current, rate = 4, 1
        for i in range(4):
            stride = 1 if i == 0 else 2
            if stride == 2 and current == self.output_stride:
                stride, rate = 1, 2 * rate
            current *= stride
            for j, unit in enumerate(getattr(self, f"layer{i + 1}")):
                x = unit(x, stride if j == 0 else 1, rate * (self.multi_grid[j] if i == 3 else 1))
            low = x if i == 0 else low
        return low, x


class InvertedResidual(nn.Module):
    def __init__(self, c_in, c_out, stride, expansion, **norm):
        super().__init__()
        c = c_in * expansion
        expand = [] if expansion == 1 else [ConvBN(c_in, c, act=F.relu6, **norm)]
        project = ConvBN(c, c_out, act=None, **norm)
        self.conv = nn.Sequential(*expand, ConvBN(c, c, 3, c, F.relu6, same=True, **norm), *project)
        self.stride, self.expanded, self.residual = stride, expansion > 1, stride == 1 and c_in == c_out

    def forward(self, x, stride, rate):
        h = self.conv[0](x) if self.expanded else x
        h = self.conv[1 if self.expanded else 0](h, stride, rate)
        h = self.conv[-1](self.conv[-2](h))
        return x + h if self.residual else h


class MobileNetV2(nn.Module):
    def __init__(self, width, blocks, output_stride, momentum=0.003):
        super().__init__()
        norm = {"eps": 1e-3, "momentum": momentum}

        def c(n):
            rounded = max(8, int(n * width + 4) // 8 * 8)
            return rounded + 8 if rounded < 0.9 * n * width else rounded

        table = [(1, 16, 1), (6, 24, 2), (6, 32, 2), (6, 64, 2), (6, 96, 1), (6, 160, 2), (6, 320, 1)]
        units, last = [], c(32)
        for (t, n, s), count in zip(table, blocks):
            for i in range(count):
                units.append(InvertedResidual(last, c(n), s if i == 0 else 1, t, **norm))
                last = c(n)
        self.features = nn.Sequential(ConvBN(3, c(32), 3, act=F.relu6, same=True, **norm), *units)
        self.output_stride, self.channels = output_stride, (c(24), last)

    def forward(self, x):
        x = self.features[0](x, 2)
        current, rate, low = 2, 1, None
        for unit in self.features[1:]:
            if current == self.output_stride:
                x = unit(x, 1, rate)
                rate *= unit.stride
            else:
                x = unit(x, unit.stride, 1)
                current *= unit.stride
            low = x if current == 4 else low
        return low, x


# --- Head ---

def scale_dimension(n, scale):
    return int((float(n) - 1.0) * scale + 1.0)


def enlarge(x, size):
    return F.interpolate(x, size, mode="bilinear", align_corners=True)


class ASPP(nn.Module):
    def __init__(self, c_in, c, rates, separable, momentum):
        super().__init__()
        norm = {"momentum": momentum}
        pooled = ConvBN(c_in, c, **norm)
        self.convs = nn.ModuleList([
            ConvBN(c_in, c, **norm),
            *[Separable(c_in, c, **norm) if separable else ConvBN(c_in, c, 3, **norm) for _ in rates],
            nn.Sequential(nn.Identity(), *pooled)])
        self.project = ConvBN(c * (2 + len(rates)), c, **norm)
        self.rates = rates

    def forward(self, x, size):
        pool = self.convs[-1]
        mean = F.avg_pool2d(x, size, size)
        branches = [enlarge(F.relu(pool[2](pool[1](mean))), size), self.convs[0](x)]
        branches += [conv(x, 1, rate) for conv, rate in zip(self.convs[1:-1], self.rates)]
        return self.project(torch.cat(branches, 1))


class DeepLab(nn.Module):
    def __init__(self, backbone, classes, rates, c, separable, momentum, decoder=None, cascade=None):
        super().__init__()
        self.backbone = backbone
        low, last = backbone.channels
        norm = {"momentum": momentum}
        if cascade:
            count, grid = cascade
            self.cascade = container(**{f"block{5 + i}": nn.Sequential(*[Bottleneck(last, last // 4, **norm) for _ in grid]) for i in range(count)})
            self.grid, c = grid, last
        else:
            self.aspp = ASPP(last, c, rates, separable, momentum)
        if decoder:
            self.decoder = container(feature_projection0=ConvBN(low, decoder, **norm), decoder_conv0=Separable(c + decoder, c, **norm), decoder_conv1=Separable(c, c, **norm))
        self.logits = nn.Conv2d(c, classes, 1)

    def forward(self, image):
        size = tuple(image.shape[2:])
        scaled = lambda stride: tuple(scale_dimension(n, 1.0 / stride) for n in size)
        low, x = self.backbone(image)
        if hasattr(self, "cascade"):
            rate = 32 // self.backbone.output_stride
            for block in self.cascade.children():
                rate *= 2
                for unit, factor in zip(block, self.grid):
                    x = unit(x, 1, rate * factor)
        else:
            x = self.aspp(x, scaled(self.backbone.output_stride))
        if hasattr(self, "decoder"):
            d = self.decoder
            x = torch.cat([enlarge(f, scaled(4)) for f in (x, d.feature_projection0(low))], 1)
            x = d.decoder_conv1(d.decoder_conv0(x))
        return enlarge(self.logits(x), size)


family = Networks("deeplab-v3", seed=31)
v3 = lambda os, grid, rates, c=12, momentum=0.1, **k: DeepLab(ResNet(4, [1, 1, 1, 3], os, grid, momentum), 3, rates, c, False, momentum, **k)
family.network("output stride 16", v3(16, [1, 2, 4], [6, 12, 18]), (4, 3, 33, 33), train=True, full=True)
family.network("output stride 8, even size", v3(8, [1, 2, 4], [12, 24, 36]), (2, 3, 50, 66), full=True)
family.network("other rates and grid", v3(16, [2, 1, 3], [1, 4]), (1, 3, 47, 33))
family.network("cascade to block7", v3(16, [1, 2, 1], None, cascade=(3, [1, 2, 1])), (4, 3, 49, 65), train=True, full=True, gain=0.8)
family.network("cascade to block5, output stride 8", v3(8, [1, 2, 1], None, cascade=(1, [1, 2, 1])), (2, 3, 40, 33), full=True, gain=0.8)
family.write()

family = Networks("deeplab-v3plus", seed=32)
plus = lambda backbone, rates, decoder, c=12, momentum=0.1, classes=3: DeepLab(backbone, classes, rates, c, True, momentum, decoder)
family.network("Xception, output stride 16", plus(Xception(1 / 32, 2, 16, momentum=0.1), [6, 12, 18], 6), (4, 3, 33, 41), train=True, full=True, gain=0.9)
family.network("Xception, output stride 8, multi-grid", plus(Xception(1 / 32, 2, 8, (1, 2, 4), 0.1), [12, 24, 36], 6), (2, 3, 65, 49), full=True, gain=0.9)
family.network("Xception, even size, no decoder", plus(Xception(1 / 32, 1, 16, momentum=0.1), [6, 12, 18], None), (1, 3, 34, 48), gain=0.9)
family.network("ResNet, output stride 16, multi-grid", plus(ResNet(4, [1, 1, 1, 3], 16, [1, 2, 4], 0.1), [6, 12, 18], 6), (2, 3, 50, 65), full=True, gain=0.9)
family.network("ResNet, output stride 8", plus(ResNet(4, [1, 2, 2, 2], 8, None, 0.1), [12, 24, 36], 6), (2, 3, 33, 41), full=True, gain=0.9)
family.network("MobileNetV2, even size", plus(MobileNetV2(1 / 4, [1, 2, 1, 1, 1, 2, 1], 16, 0.1), [], None), (2, 3, 50, 66), full=True)
family.network("MobileNetV2, output stride 8, rates 2 and 4", plus(MobileNetV2(1 / 4, [1, 2, 1, 2, 1, 2, 1], 8, 0.1), [2, 4], 6), (4, 3, 38, 33), train=True, full=True)
family.network("Xception-65", plus(Xception(1, 16, 16), [6, 12, 18], 48, c=256, momentum=0.0003, classes=21), (1, 3, 65, 49), full=True, gain=0.72)
family.write()
