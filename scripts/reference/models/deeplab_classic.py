"""DeepLab v1 and v2 (Chen et al. 2015, 2018): Caffe's names on VGG, those of kazuto1011/deeplab-pytorch on the ResNet."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import torch
from torch import nn
from torch.nn import functional as F

from networks import Networks

family = Networks("deeplab-classic", seed=24)


def aligned(x, size):
    return F.interpolate(x, size, mode="bilinear", align_corners=True)


class Coarse(nn.Module):
    """Scores of every eighth pixel in training; between them, and at most a few pixels beyond the last ones, in evaluation."""

    def forward(self, x):
        scores = self.scores(x)
        return scores if self.training else self.whole(scores, x)

    def whole(self, scores, x):
        fine = aligned(scores, [8 * (n - 1) + 1 for n in scores.shape[2:]])[:, :, :x.shape[2], :x.shape[3]]
        return F.pad(fine, (0, x.shape[3] - fine.shape[3], 0, x.shape[2] - fine.shape[2]), mode="replicate")


class VGG(Coarse):
    def __init__(self, width, rates, hidden, classes, kernel=3, average=False):
        super().__init__()
        self.stages, self.average, before = [], average, 3
        for stage, count in enumerate((2, 2, 3, 3, 3)):
            channels, d = width * min(8, 2**stage), 2 if stage == 4 else 1
            names = [f"conv{stage + 1}_{i + 1}" for i in range(count)]
            for name in names:
                self.add_module(name, nn.Conv2d(before, channels, 3, padding=d, dilation=d))
                before = channels
            self.stages.append(names)
        self.suffixes = [f"_{i + 1}" if len(rates) > 1 else "" for i in range(len(rates))]
        for suffix, rate in zip(self.suffixes, rates):
            self.add_module("fc6" + suffix, nn.Conv2d(before, hidden, kernel, padding=(kernel - 1) * rate // 2, dilation=rate))
            self.add_module("fc7" + suffix, nn.Conv2d(hidden, hidden, 1))
            self.add_module("fc8" + suffix, nn.Conv2d(hidden, classes, 1))

    def scores(self, x):
        for stage, names in enumerate(self.stages):
            for name in names:
                x = F.relu(getattr(self, name)(x))
            x = F.max_pool2d(x, 3, 2 if stage < 3 else 1, 1, ceil_mode=True)
        if self.average:
            x = F.avg_pool2d(x, 3, 1, 1)
        layer = lambda name, suffix: getattr(self, name + suffix)
        return sum(layer("fc8", s)(F.relu(layer("fc7", s)(F.relu(layer("fc6", s)(x))))) for s in self.suffixes)


def unit(before, after, kernel=1, stride=1, dilation=1):
    module = nn.Module()
    module.conv = nn.Conv2d(before, after, kernel, stride, kernel // 2 * dilation, dilation, bias=False)
    module.bn = nn.BatchNorm2d(after)
    module.run = lambda x: module.bn(module.conv(x))
    return module


class Bottleneck(nn.Module):
    def __init__(self, before, middle, stride, dilation, project):
        super().__init__()
        self.reduce = unit(before, middle, stride=stride)
        self.conv3x3 = unit(middle, middle, 3, dilation=dilation)
        self.increase = unit(middle, 4 * middle)
        if project:
            self.shortcut = unit(before, 4 * middle, stride=stride)

    def forward(self, x):
        h = self.increase.run(F.relu(self.conv3x3.run(F.relu(self.reduce.run(x)))))
        return F.relu(h + (self.shortcut.run(x) if hasattr(self, "shortcut") else x))


class ResNet(Coarse):
    def __init__(self, width, blocks, rates, classes):
        super().__init__()
        self.layer1 = nn.Module()
        self.layer1.conv1 = unit(3, width, 7, 2)
        before = width
        for i, count in enumerate(blocks):
            layer, middle = nn.Module(), width * 2**i
            for k in range(count):
                layer.add_module(f"block{k + 1}", Bottleneck(before, middle, 2 if i == 1 and k == 0 else 1, (1, 1, 2, 4)[i], k == 0))
                before = 4 * middle
            self.add_module(f"layer{i + 2}", layer)
        self.aspp = nn.Module()
        for i, rate in enumerate(rates):
            self.aspp.add_module(f"c{i}", nn.Conv2d(before, classes, 3, padding=rate, dilation=rate))

    def scores(self, x):
        x = F.max_pool2d(F.relu(self.layer1.conv1.run(x)), 3, 2, 1, ceil_mode=True)
        for i in range(4):
            for block in getattr(self, f"layer{i + 2}").children():
                x = block(x)
        return sum(conv(x) for conv in self.aspp.children())


class MultiScale(nn.Module):
    def __init__(self, base, scales=(0.5, 0.75, 1)):
        super().__init__()
        self.base, self.scales = base, scales

    def forward(self, x):
        found = [self.base.scores(aligned(x, [round((n - 1) * s + 1) for n in x.shape[2:]])) for s in self.scales]
        fused = torch.stack([aligned(y, found[-1].shape[2:]) for y in found]).amax(0)
        return [fused, *found] if self.training else self.base.whole(fused, x)


everything = lambda y: y if isinstance(y, list) else [y]
family.network("v1", VGG(2, [12], 16, 3, average=True), (2, 3, 41, 57), train=True)
family.network("v1 4x4", VGG(2, [4], 16, 3, kernel=4, average=True), (1, 3, 40, 66), full=True)
family.network("v1 7x7", VGG(2, [4], 16, 3, kernel=7, average=True), (1, 3, 49, 35), full=True)
family.network("v2 VGG", VGG(2, [2, 4, 8, 12], 8, 3), (2, 3, 41, 57), train=True, full=True)
family.network("v2 ResNet", ResNet(4, [1, 2, 2, 1], [6, 12, 18, 24], 3), (2, 3, 57, 73), train=True, full=True)
family.network("v2 ResNet, other sizes", ResNet(4, [1, 2, 2, 1], [6, 12], 3), (1, 3, 60, 44), full=True)
family.network("v2 in three sizes", MultiScale(ResNet(4, [1, 1, 1, 1], [6, 12], 3)), (2, 3, 65, 57), train=True, full=True, outputs=everything)
family.write()
