"""The other decoders of segmentation_models_pytorch 0.5 on narrow encoders: Linknet, MAnet, PAN, PSPNet, DeepLabV3 and DeepLabV3+, with its state-dict names."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import torch
from torch import nn
from torch.nn import functional as F

import encoders
from encoders import resnet
from networks import Networks

family = Networks("smp-decoders", seed=48)


def conv(inputs, outputs, k=3):
    return nn.Sequential(nn.Conv2d(inputs, outputs, k, padding=k // 2, bias=False), nn.BatchNorm2d(outputs), nn.ReLU())


def resized(x, size):
    return F.interpolate(x, size=size, mode="bilinear", align_corners=True)


# --- Linknet: blocks of three convolutions, the middle one transposed; the encoder's maps are added ---

class LinkBlock(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        m = inputs // 4
        self.block = nn.Sequential(conv(inputs, m, 1), nn.Sequential(nn.ConvTranspose2d(m, m, 4, 2, 1), nn.BatchNorm2d(m), nn.ReLU()), conv(m, outputs, 1))


class LinknetDecoder(nn.Module):
    def __init__(self, channels):
        super().__init__()
        levels = [*channels[:0:-1], 32]
        self.blocks = nn.ModuleList(LinkBlock(a, b) for a, b in zip(levels, levels[1:]))

    def forward(self, maps):
        h, skips = maps[-1], maps[-2:0:-1]
        for i, layer in enumerate(self.blocks):
            h = layer.block(h)
            if i < len(skips):
                h = h + skips[i]
        return h


# --- MAnet: attention of all pairs of pixels at the bottom, channel attention on the way up ---

class Pairs(nn.Module):
    def __init__(self, c, compared):
        super().__init__()
        self.top_conv, self.center_conv = nn.Conv2d(c, compared, 1), nn.Conv2d(c, compared, 1)
        self.bottom_conv, self.out_conv = nn.Conv2d(c, c, 3, padding=1), nn.Conv2d(c, c, 3, padding=1)

    def forward(self, x):
        top, center, bottom = self.top_conv(x).flatten(2), self.center_conv(x).flatten(2), self.bottom_conv(x).flatten(2)
        scores = torch.einsum("nci,ncj->nij", center, top)
        weights = torch.softmax(scores.flatten(1), 1).reshape(scores.shape)
        sums = torch.einsum("nij,ncj->nic", weights, bottom).contiguous()
        return self.out_conv(x + sums.view(x.shape))  # smp does not transpose them back


def weigh(c):
    m = max(1, c // 16)
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(c, m, 1), nn.ReLU(), nn.Conv2d(m, c, 1), nn.Sigmoid())


class Fusion(nn.Module):
    def __init__(self, inputs, skip, outputs):
        super().__init__()
        if skip:
            self.hl_conv, self.SE_ll, self.SE_hl = nn.Sequential(conv(inputs, inputs), conv(inputs, skip, 1)), weigh(skip), weigh(skip)
        self.conv1, self.conv2 = conv(2 * skip or inputs, outputs), conv(outputs, outputs)

    def forward(self, x, skip):
        h = F.interpolate(x if skip is None else self.hl_conv(x), scale_factor=2, mode="nearest")
        if skip is not None:
            h = torch.cat([h * (self.SE_hl(h) + self.SE_ll(skip)), skip], 1)
        return self.conv2(self.conv1(h))


class MAnetDecoder(nn.Module):
    def __init__(self, channels, widths, compared):
        super().__init__()
        head, *skips = channels[:0:-1]
        self.center = Pairs(head, compared)
        self.blocks = nn.ModuleList(Fusion(a, s, b) for a, s, b in zip([head, *widths], [*skips, 0], widths))

    def forward(self, maps):
        h = self.center(maps[-1])
        for layer, skip in zip(self.blocks, [*maps[-2:0:-1], None]):
            h = layer(h, skip)
        return h


# --- PAN: pyramid attention on the last map, attention upsampling ---

class ConvNorm(nn.Module):
    def __init__(self, inputs, outputs, k, relu=True):
        super().__init__()
        self.conv, self.bn, self.relu = nn.Conv2d(inputs, outputs, k, padding=k // 2), nn.BatchNorm2d(outputs), relu

    def forward(self, x):
        h = self.bn(self.conv(x))
        return F.relu(h) if self.relu else h


class PyramidAttention(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.branch1, self.mid = nn.Sequential(nn.AdaptiveAvgPool2d(1), ConvNorm(inputs, outputs, 1)), nn.Sequential(ConvNorm(inputs, outputs, 1))
        self.down1, self.down2 = nn.Sequential(nn.MaxPool2d(2), ConvNorm(inputs, 1, 7)), nn.Sequential(nn.MaxPool2d(2), ConvNorm(1, 1, 5))
        self.down3 = nn.Sequential(nn.MaxPool2d(2), ConvNorm(1, 1, 3), ConvNorm(1, 1, 3))
        self.conv2, self.conv1 = ConvNorm(1, 1, 5), ConvNorm(1, 1, 7)

    def forward(self, x):
        h, w = x.shape[2:]
        one = self.down1(x)
        two = self.down2(one)
        weights = resized(self.down3(two), (h // 4, w // 4)) + self.conv2(two)
        weights = resized(weights, (h // 2, w // 2)) + self.conv1(one)
        return resized(weights, (h, w)) * self.mid(x) + resized(self.branch1(x), (h, w))


class AttentionUpsampling(nn.Module):
    def __init__(self, inputs, c):
        super().__init__()
        self.conv1, self.conv2 = nn.Sequential(nn.AdaptiveAvgPool2d(1), ConvNorm(c, c, 1, False), nn.Sigmoid()), ConvNorm(inputs, c, 3)

    def forward(self, skip, below):
        return resized(below, skip.shape[2:]) + self.conv2(skip) * self.conv1(below)


class PANDecoder(nn.Module):
    def __init__(self, channels, c):
        super().__init__()
        self.fpa = PyramidAttention(channels[-1], c)
        self.levels = range(len(channels) - 3, 0, -1)
        for i in self.levels:
            self.add_module(f"gau{i}", AttentionUpsampling(channels[i + 1], c))

    def forward(self, maps):
        h = self.fpa(maps[-1])
        for i in self.levels:
            h = getattr(self, f"gau{i}")(maps[i + 1], h)
        return h


# --- PSPNet: no norm in the level of one bin, x behind the levels ---

class Level(nn.Module):
    def __init__(self, c, bins):
        super().__init__()
        layer = nn.Sequential(nn.Conv2d(c, c // 4, 1), nn.Identity(), nn.ReLU()) if bins == 1 else conv(c, c // 4, 1)
        self.pool = nn.Sequential(nn.AdaptiveAvgPool2d(bins), layer)


class PSPDecoder(nn.Module):
    def __init__(self, channels, c):
        super().__init__()
        self.psp = nn.Module()
        self.psp.blocks = nn.ModuleList(Level(channels[-1], bins) for bins in (1, 2, 3, 6))
        self.conv, self.dropout = conv(2 * channels[-1], c, 1), nn.Dropout2d(0.2)

    def forward(self, maps):
        x = maps[-1]
        return self.dropout(self.conv(torch.cat([*(resized(b.pool(x), x.shape[2:]) for b in self.psp.blocks), x], 1)))


# --- DeepLabV3 and V3+: torchvision's ASPP, depthwise separable for the latter ---

def separable(inputs, outputs, rate=1):
    pair = nn.Sequential(nn.Conv2d(inputs, inputs, 3, padding=rate, dilation=rate, groups=inputs, bias=False), nn.Conv2d(inputs, outputs, 1, bias=False))
    return [pair, nn.BatchNorm2d(outputs), nn.ReLU()]


def atrous(inputs, outputs, rate):
    return [nn.Conv2d(inputs, outputs, 3, padding=rate, dilation=rate, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]


class ASPP(nn.Module):
    def __init__(self, inputs, c, rates, branch):
        super().__init__()
        mean = nn.Sequential(nn.AdaptiveAvgPool2d(1), *conv(inputs, c, 1))
        self.convs = nn.ModuleList([conv(inputs, c, 1), *(nn.Sequential(*branch(inputs, c, r)) for r in rates), mean])
        self.project = nn.Sequential(*conv(5 * c, c, 1), nn.Dropout(0.5))

    def forward(self, x):
        *branches, mean = [f(x) for f in self.convs]
        return self.project(torch.cat([*branches, F.interpolate(mean, x.shape[2:], mode="bilinear")], 1))


class V3Decoder(nn.Module):
    def __init__(self, channels, c, rates=(12, 24, 36), branch=atrous):
        super().__init__()
        self.aspp, self.conv, self.bn = ASPP(channels[-1], c, rates, branch), nn.Conv2d(c, c, 3, padding=1, bias=False), nn.BatchNorm2d(c)

    def forward(self, maps):
        return F.relu(self.bn(self.conv(self.aspp(maps[-1]))))


class V3PlusDecoder(nn.Module):
    def __init__(self, channels, c, up, rates=(12, 24, 36), branch=separable):
        super().__init__()
        self.aspp = nn.Sequential(ASPP(channels[-1], c, rates, branch), *separable(c, c))
        self.up = nn.UpsamplingBilinear2d(scale_factor=up)
        self.block1, self.block2 = conv(channels[2], 48, 1), nn.Sequential(*separable(48 + c, c))

    def forward(self, maps):
        return self.block2(torch.cat([self.up(self.aspp(maps[-1])), self.block1(maps[2])], 1))


class Net(nn.Module):
    def __init__(self, encoder, decoder, width, k=3, upsampling=1, depth=5):
        super().__init__()
        self.encoder, self.decoder, self.depth = encoder, decoder, depth
        self.segmentation_head = nn.Sequential(nn.Conv2d(width, 2, k, padding=k // 2), *([nn.UpsamplingBilinear2d(scale_factor=upsampling)] if upsampling > 1 else []))

    def forward(self, x):
        return self.segmentation_head(self.decoder(encoders.features(self.encoder, x, self.depth)))


def resnet18(stride=32):
    net = encoders.narrow_resnet(resnet.BasicBlock, (1, 1, 1, 1), 8)
    stages = {32: [], 16: [([net.layer4], 2)], 8: [([net.layer3], 2), ([net.layer4], 4)]}
    return encoders.without_strides(net, stages[stride])


thin = [3, 8, 8, 16, 32, 64]
ones = (1, 1, 1, 1, 1, 1, 1)
mobilenet = encoders.narrow_mobilenet_v2(0.25, ones, 1280)
encoders.without_strides(mobilenet, [(mobilenet.features[mobilenet.ends[2] + 1:mobilenet.ends[3] + 1], 2), (mobilenet.features[mobilenet.ends[3] + 1:], 4)])
efficient = encoders.EfficientNet(224, 0.25, ones)
encoders.without_strides(efficient, [(efficient._blocks[efficient.ends[4]:], 2)])

family.network("linknet", Net(resnet18(), LinknetDecoder(thin), 32, k=1), (1, 3, 64, 96), full=True)
family.network("linknet of three stages", Net(resnet18(), LinknetDecoder(thin[:4]), 32, k=1, depth=3), (2, 3, 40, 32), train=True)
family.network("manet", Net(resnet18(), MAnetDecoder(thin, [16, 16, 8, 8, 8], 8), 8), (1, 3, 64, 96), full=True)
family.network("manet of three stages", Net(resnet18(), MAnetDecoder(thin[:4], [16, 16, 8], 4), 8, depth=3), (2, 3, 40, 56), train=True, full=True)
family.network("pan", Net(resnet18(16), PANDecoder(thin, 8), 8, upsampling=4), (4, 3, 144, 128), train=True, full=True)
family.network("pan of stride 32", Net(resnet18(), PANDecoder(thin, 8), 8, upsampling=4), (1, 3, 256, 288), full=True)
family.network("pan of three stages", Net(resnet18(), PANDecoder(thin[:4], 8), 8, upsampling=4, depth=3), (1, 3, 72, 88), full=True)
family.network("pspnet", Net(resnet18(), PSPDecoder(thin[:4], 16), 16, upsampling=8, depth=3), (4, 3, 64, 72), train=True, full=True)
family.network("pspnet of four stages", Net(resnet18(), PSPDecoder(thin[:5], 16), 16, upsampling=16, depth=4), (1, 3, 48, 128), full=True)
family.network("deeplabv3", Net(resnet18(8), V3Decoder(thin, 12), 12, k=1, upsampling=8), (6, 3, 72, 64), train=True, full=True)
family.network("deeplabv3 of stride 16, separable", Net(resnet18(16), V3Decoder(thin, 12, (1, 2, 3), separable), 12, k=1, upsampling=16), (1, 3, 80, 64), full=True)
family.network("deeplabv3 on mobilenet_v2", Net(mobilenet, V3Decoder([1280], 8), 8, k=1, upsampling=8), (1, 3, 56, 64), full=True)
family.network("deeplabv3+", Net(resnet18(16), V3PlusDecoder(thin, 12, 4), 12, k=1, upsampling=4), (6, 3, 80, 64), train=True, full=True)
family.network("deeplabv3+ of stride 8", Net(resnet18(8), V3PlusDecoder(thin, 12, 2, (2, 3, 4), atrous), 12, k=1, upsampling=4), (1, 3, 40, 64))
family.network("deeplabv3+ on efficientnet-b0", Net(efficient, V3PlusDecoder([3, 8, 8, 16, 32, 80], 8, 4), 8, k=1, upsampling=4), (1, 3, 64, 96), full=True)
family.write()
