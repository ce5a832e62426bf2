"""Decoders of segmentation_models_pytorch 0.5 on narrow encoders: Unet, Unet++ and FPN, with its state-dict names."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import torch
from torch import nn
from torch.nn import functional as F

import encoders
from encoders import resnet
from networks import Networks

family = Networks("smp", seed=37)


def conv(inputs, outputs):
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU())


class SCSE(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.cSE = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(channels, channels // 16, 1), nn.ReLU(), nn.Conv2d(channels // 16, channels, 1), nn.Sigmoid())
        self.sSE = nn.Sequential(nn.Conv2d(channels, 1, 1), nn.Sigmoid())

    def forward(self, x):
        return x * self.cSE(x) + x * self.sSE(x)


class Attention(nn.Module):
    def __init__(self, used, channels):
        super().__init__()
        self.attention = SCSE(channels) if used else nn.Identity()

    def forward(self, x):
        return self.attention(x)


class Block(nn.Module):
    def __init__(self, inputs, skip, outputs, attention):
        super().__init__()
        self.conv1, self.attention1 = conv(inputs + skip, outputs), Attention(attention, inputs + skip)
        self.conv2, self.attention2 = conv(outputs, outputs), Attention(attention, outputs)

    def forward(self, x, size, skips):
        h = F.interpolate(x, size=size, mode="nearest")
        if skips:
            h = self.attention1(torch.cat([h, *skips], 1))
        return self.attention2(self.conv2(self.conv1(h)))


class UnetDecoder(nn.Module):
    def __init__(self, channels, widths, attention=False, center=False):
        super().__init__()
        head, *skips = channels[:0:-1]
        self.center = nn.Sequential(conv(head, head), conv(head, head)) if center else nn.Identity()
        self.blocks = nn.ModuleList(Block(i, s, o, attention) for i, s, o in zip([head, *widths], [*skips, 0], widths))

    def forward(self, maps):
        h = self.center(maps[-1])
        for i, block in enumerate(self.blocks):
            below = maps[-2 - i]
            h = block(h, below.shape[2:], [below] if i + 1 < len(self.blocks) else [])
        return h


class UnetPlusPlusDecoder(nn.Module):
    """Node (d, l) stands d + 1 levels above the column that it began in; the last one at the image's size."""

    def __init__(self, channels, widths, attention=False):
        super().__init__()
        reverse = channels[:0:-1]
        last = len(reverse) - 1
        made = {}
        for level in range(last):
            skip = reverse[level + 1]
            for d in range(level + 1):
                inputs = ([reverse[0], *widths][level] if d == 0 else reverse[level])
                made[f"x_{d}_{level}"] = Block(inputs, skip * (level + 1 - d), widths[level] if d == 0 else skip, attention)
        made[f"x_0_{last}"] = Block(widths[last - 1], 0, widths[last], attention)
        self.blocks, self.last = nn.ModuleDict(made), last

    def forward(self, maps):
        reverse = maps[::-1]

        def node(d, level):
            if (d, level) not in done:
                x = reverse[level] if d == level else node(d, level - 1)
                skips = [node(k, level) for k in range(d + 1, level + 1)] + [reverse[level + 1]] if level < self.last else []
                done[d, level] = self.blocks[f"x_{d}_{level}"](x, reverse[level + 1].shape[2:], skips)
            return done[d, level]

        done = {}
        return node(0, self.last)


class Pyramid(nn.Module):
    def __init__(self, channels, skip):
        super().__init__()
        self.skip_conv = nn.Conv2d(skip, channels, 1)

    def forward(self, x, skip):
        return F.interpolate(x, scale_factor=2, mode="nearest") + self.skip_conv(skip)


class Doubling(nn.Module):
    def __init__(self, inputs, outputs, doubles):
        super().__init__()
        self.block, self.doubles = nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.GroupNorm(32, outputs), nn.ReLU()), doubles

    def forward(self, x):
        h = self.block(x)
        return F.interpolate(h, scale_factor=2, mode="bilinear", align_corners=True) if self.doubles else h


class Level(nn.Module):
    def __init__(self, inputs, outputs, doublings):
        super().__init__()
        self.block = nn.Sequential(*[Doubling(inputs if i == 0 else outputs, outputs, doublings > 0) for i in range(max(doublings, 1))])

    def forward(self, x):
        return self.block(x)


class FPNDecoder(nn.Module):
    def __init__(self, channels, pyramid, width, merge="add"):
        super().__init__()
        c2, c3, c4, c5 = channels[-4:]
        self.p5 = nn.Conv2d(c5, pyramid, 1)
        self.p4, self.p3, self.p2 = Pyramid(pyramid, c4), Pyramid(pyramid, c3), Pyramid(pyramid, c2)
        self.seg_blocks = nn.ModuleList(Level(pyramid, width, n) for n in (3, 2, 1, 0))
        self.dropout, self.merge = nn.Dropout2d(0.2), merge

    def forward(self, maps):
        c2, c3, c4, c5 = maps[-4:]
        p5 = self.p5(c5)
        p4 = self.p4(p5, c4)
        p3 = self.p3(p4, c3)
        p2 = self.p2(p3, c2)
        levels = [block(p) for block, p in zip(self.seg_blocks, (p5, p4, p3, p2))]
        return self.dropout(sum(levels) if self.merge == "add" else torch.cat(levels, 1))


class Net(nn.Module):
    def __init__(self, encoder, decoder, width, classes=2, k=3, upsampling=1, depth=5):
        super().__init__()
        self.encoder, self.decoder, self.depth = encoder, decoder, depth
        head = [nn.Conv2d(width, classes, k, padding=k // 2)]
        self.segmentation_head = nn.Sequential(*head, *([nn.UpsamplingBilinear2d(scale_factor=upsampling)] if upsampling > 1 else []))

    def forward(self, x):
        return self.segmentation_head(self.decoder(encoders.features(self.encoder, x, self.depth)))


resnet18 = lambda: encoders.narrow_resnet(resnet.BasicBlock, (1, 1, 1, 1), 8)
thin = [3, 8, 8, 16, 32, 64]
widths = [32, 16, 16, 16, 16]
family.network("unet", Net(resnet18(), UnetDecoder(thin, widths), 16), (4, 3, 64, 96), train=True, full=True)
family.network("unet of an odd size, scse", Net(resnet18(), UnetDecoder(thin, widths, attention=True), 16), (4, 3, 45, 67), train=True, full=True)
family.network("unet of three stages", Net(resnet18(), UnetDecoder(thin[:4], [16, 8, 4]), 4, depth=3), (1, 3, 37, 42))
family.network("unet on vgg11_bn", Net(encoders.narrow_vgg((1, 1, 2, 2, 2), 4, batch_norm=True), UnetDecoder([4, 8, 16, 32, 32, 32], [32, 16, 8, 8, 4], center=True), 4), (1, 3, 64, 32), full=True)
family.network("unet on efficientnet-b0", Net(encoders.EfficientNet(224, 0.25, (1, 1, 1, 1, 1, 1, 1)), UnetDecoder([3, 8, 8, 16, 32, 80], [32, 16, 8, 8, 4]), 4), (1, 3, 64, 96), full=True)
family.network("unet++", Net(resnet18(), UnetPlusPlusDecoder(thin[:5], [16, 8, 8, 8]), 8, depth=4), (4, 3, 48, 64), train=True, full=True)
family.network("unet++ on densenet121, scse", Net(encoders.narrow_densenet(8, (1, 1, 1, 1)), UnetPlusPlusDecoder([3, 16, 24, 20, 18, 17], [32, 32, 16, 16, 16], attention=True), 16), (1, 3, 32, 64), full=True)
family.network("fpn", Net(resnet18(), FPNDecoder(thin, 32, 32), 32, k=1, upsampling=4), (4, 3, 64, 96), train=True, full=True)
family.network("fpn of four stages, side by side", Net(resnet18(), FPNDecoder(thin[:5], 16, 32, "cat"), 128, k=1, upsampling=2, depth=4), (1, 3, 48, 32), full=True)
family.write()
