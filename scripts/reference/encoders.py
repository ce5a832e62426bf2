"""Encoders in PyTorch, with the names of torchvision and of lukemelas' EfficientNet-PyTorch, and the maps that segmentation_models_pytorch takes from them.

`features(encoder, x)` gives those maps, that at the image's size first. All can be narrow.
"""
import math

import torch
from torch import nn
from torch.nn import functional as F

# The operators of torchvision's binary part, which networks do not use but its import declares.
torch.library.define("torchvision::nms", "(Tensor boxes, Tensor scores, float threshold) -> Tensor")
torch.library.define("torchvision::qnms", "(Tensor boxes, Tensor scores, float threshold) -> Tensor")
from torchvision.models import densenet, mobilenetv2, resnet, vgg


def narrow_vgg(counts, width, batch_norm=False) -> vgg.VGG:
    plan = []
    for count, factor in zip(counts, (1, 2, 4, 8, 8)):
        plan += [width * factor] * count + ["M"]
    net = vgg.VGG(vgg.make_layers(plan, batch_norm=batch_norm), init_weights=False)
    del net.classifier
    return net


def narrow_mobilenet_v2(width, counts, last) -> mobilenetv2.MobileNetV2:
    settings = [[t, c, n, s] for (t, c, s), n in zip([(1, 16, 1), (6, 24, 2), (6, 32, 2), (6, 64, 2), (6, 96, 1), (6, 160, 2), (6, 320, 1)], counts)]
    net = mobilenetv2.MobileNetV2(width_mult=width, inverted_residual_setting=settings)
    if last:
        block = net.features[-1]
        block[0], block[1] = nn.Conv2d(block[0].in_channels, last, 1, bias=False), nn.BatchNorm2d(last)
    else:
        net.features = net.features[:-1]
    del net.classifier
    net.ends = [sum(counts[:groups]) for groups in (1, 2, 3, 5)] + [len(net.features) - 1]
    return net


def narrow_densenet(growth, counts) -> densenet.DenseNet:
    net = densenet.DenseNet(growth, tuple(counts), 2 * growth)
    del net.classifier
    return net


def narrow_resnet(block, counts, width, **options) -> resnet.ResNet:
    """torchvision's, with `width` channels where it has 64."""
    class Narrow(resnet.ResNet):
        def _make_layer(self, block, planes, *args, **kwargs):
            if planes == 64:
                self.inplanes = width
            return super()._make_layer(block, planes * width // 64, *args, **kwargs)

    net = Narrow(block, list(counts), **options)
    net.conv1, net.bn1 = nn.Conv2d(3, width, 7, 2, 3, bias=False), nn.BatchNorm2d(width)
    del net.fc
    return net


class SamePadded(nn.Conv2d):
    """TensorFlow's SAME for maps of one size; others are padded alike."""

    def __init__(self, size, inputs, outputs, k, stride=1, groups=1):
        super().__init__(inputs, outputs, k, stride, groups=groups, bias=False)
        total = max((math.ceil(size / stride) - 1) * stride + k - size, 0)
        self.sides = (total // 2, total - total // 2) * 2

    def forward(self, x):
        return super().forward(F.pad(x, self.sides))


def rounded(count: float) -> int:
    found = max(8, int(count + 4) // 8 * 8)
    return found + 8 if found < 0.9 * count else found


def batch_norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


class MBConv(nn.Module):
    def __init__(self, size, inputs, outputs, k, stride, ratio):
        super().__init__()
        middle = inputs * ratio
        if ratio != 1:
            self._expand_conv, self._bn0 = nn.Conv2d(inputs, middle, 1, bias=False), batch_norm(middle)
        self._depthwise_conv, self._bn1 = SamePadded(size, middle, middle, k, stride, middle), batch_norm(middle)
        self._se_reduce, self._se_expand = nn.Conv2d(middle, max(1, inputs // 4), 1), nn.Conv2d(max(1, inputs // 4), middle, 1)
        self._project_conv, self._bn2 = nn.Conv2d(middle, outputs, 1, bias=False), batch_norm(outputs)
        self.residual, self.expands = stride == 1 and inputs == outputs, ratio != 1

    def forward(self, x):
        h = F.silu(self._bn0(self._expand_conv(x))) if self.expands else x
        h = F.silu(self._bn1(self._depthwise_conv(h)))
        h = h * torch.sigmoid(self._se_expand(F.silu(self._se_reduce(h.mean((2, 3), keepdim=True)))))
        h = self._bn2(self._project_conv(h))
        return h + x if self.residual else h


class EfficientNet(nn.Module):
    """Without drop connect, which is random."""

    def __init__(self, size, width, counts):
        super().__init__()
        table = [(3, 1, 1, 16), (3, 2, 6, 24), (5, 2, 6, 40), (3, 2, 6, 80), (5, 1, 6, 112), (5, 2, 6, 192), (3, 1, 6, 320)]
        inputs = rounded(32 * width)
        self._conv_stem, self._bn0 = SamePadded(size, 3, inputs, 3, 2), batch_norm(inputs)
        size, blocks, self.ends = math.ceil(size / 2), [], []
        for (k, stride, ratio, channels), count in zip(table, counts):
            for i in range(count):
                s = stride if i == 0 else 1
                blocks.append(MBConv(size, inputs, rounded(channels * width), k, s, ratio))
                inputs, size = rounded(channels * width), math.ceil(size / s)
            self.ends.append(len(blocks))
        self._blocks = nn.ModuleList(blocks)
        self._conv_head, self._bn1 = nn.Conv2d(inputs, rounded(1280 * width), 1, bias=False), batch_norm(rounded(1280 * width))

    def maps(self, x):
        found = [x, F.silu(self._bn0(self._conv_stem(x)))]
        start = 0
        for end in (self.ends[1], self.ends[2], self.ends[4], self.ends[6]):
            h = found[-1]
            for block in self._blocks[start:end]:
                h = block(h)
            found.append(h)
            start = end
        return found


def without_strides(encoder: nn.Module, stages: list) -> nn.Module:
    """What smp's `make_dilated` does: (modules of a stage, rate) for each stage; its convolutions lose their strides and centre their paddings."""
    for modules, rate in stages:
        for module in modules:
            for conv in module.modules():
                if isinstance(conv, nn.Conv2d):
                    conv.stride, conv.dilation = (1, 1), (rate, rate)
                    conv.padding = tuple(k // 2 * rate for k in conv.kernel_size)
                    if isinstance(conv, SamePadded):
                        conv.sides = (0, 0, 0, 0)
    return encoder


def features(encoder: nn.Module, x: torch.Tensor, depth=5) -> list:
    """`depth`: stages to run; fewer than all for ResNets only."""
    if isinstance(encoder, EfficientNet):
        return encoder.maps(x)
    if isinstance(encoder, vgg.VGG):
        found, h = [], x
        for layer in encoder.features:
            if isinstance(layer, nn.MaxPool2d):
                found.append(h)
            h = layer(h)
        return [*found, h]
    if isinstance(encoder, mobilenetv2.MobileNetV2):
        found, h = [x], x
        for i, layer in enumerate(encoder.features):
            h = layer(h)
            if i in encoder.ends:
                found.append(h)
        return found
    if isinstance(encoder, densenet.DenseNet):
        f = encoder.features
        h = F.relu(f.norm0(f.conv0(x)))
        found, h = [x, h], f.pool0(h)
        for i in (1, 2, 3):
            transition = getattr(f, f"transition{i}")
            h = F.relu(transition.norm(getattr(f, f"denseblock{i}")(h)))
            found.append(h)
            h = transition.pool(transition.conv(h))
        return [*found, f.norm5(f.denseblock4(h))]
    h = F.relu(encoder.bn1(encoder.conv1(x)))
    found = [x, h]
    h = encoder.maxpool(h)
    for i in range(1, depth):
        h = getattr(encoder, f"layer{i}")(h)
        found.append(h)
    return found
