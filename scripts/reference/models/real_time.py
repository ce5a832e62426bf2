"""Fast-SCNN and BiSeNetV2 with the names of Tramac/Fast-SCNN-pytorch and CoinCheung/BiSeNet, at narrow widths. Where sizes are no multiples
of 32, maps take the size of what they are added to, and logits that of the image; the originals stop there."""
import pathlib
import sys
from collections import OrderedDict

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import torch
from torch import nn
from torch.nn import functional as F

from networks import Networks


def cbr(c_in, c_out, k=3, stride=1, groups=1, padding=None, act=True, bias=False):
    layers = [nn.Conv2d(c_in, c_out, k, stride, k // 2 if padding is None else padding, groups=groups, bias=bias), nn.BatchNorm2d(c_out)]
    return layers + [nn.ReLU()] if act else layers


def named(**children):
    """A chain of modules with names."""
    return nn.Sequential(OrderedDict(children))


def aligned(x, size):
    return F.interpolate(x, size, mode="bilinear", align_corners=True)


# --- Fast-SCNN: Poudel et al. 2019, table 1 and figure 1 ---

def block(*layers):
    return named(conv=nn.Sequential(*layers))


def separable(c_in, c_out, stride=1):
    return block(*cbr(c_in, c_in, 3, stride, c_in), *cbr(c_in, c_out, 1))


class LinearBottleneck(nn.Module):
    def __init__(self, c_in, c_out, stride):
        super().__init__()
        m = 6 * c_in
        self.block = nn.Sequential(block(*cbr(c_in, m, 1)), block(*cbr(m, m, 3, stride, m)), *cbr(m, c_out, 1, act=False))
        self.same = stride == 1 and c_in == c_out

    def forward(self, x):
        return x + self.block(x) if self.same else self.block(x)


class Pyramid(nn.Module):
    def __init__(self, c, c_out):
        super().__init__()
        for i in range(1, 5):
            self.add_module(f"conv{i}", block(*cbr(c, c // 4, 1)))
        self.out = block(*cbr(2 * c, c_out, 1))

    def forward(self, x):
        levels = [self.get_submodule(f"conv{i}")(F.adaptive_avg_pool2d(x, b)) for i, b in ((1, 1), (2, 2), (3, 3), (4, 6))]
        return self.out(torch.cat([x] + [aligned(level, x.shape[2:]) for level in levels], 1))


class Fusion(nn.Module):
    def __init__(self, c_high, c):
        super().__init__()
        self.dwconv = block(*cbr(c, c, 3, groups=c))
        self.conv_lower_res = nn.Sequential(*cbr(c, c, 1, act=False, bias=True))
        self.conv_higher_res = nn.Sequential(*cbr(c_high, c, 1, act=False, bias=True))

    def forward(self, high, low):
        return F.relu(self.conv_higher_res(high) + self.conv_lower_res(self.dwconv(aligned(low, high.shape[2:]))))


class FastSCNN(nn.Module):
    def __init__(self, classes, width=128, aux=True):
        super().__init__()
        w = width // 8
        group = lambda a, b, s: nn.Sequential(LinearBottleneck(a, b, s), LinearBottleneck(b, b, 1), LinearBottleneck(b, b, 1))
        down = {"dsconv1": separable(2 * w, 3 * w, 2), "dsconv2": separable(3 * w, 4 * w, 2)}
        self.learning_to_downsample = named(conv=block(*cbr(3, 2 * w, 3, 2, padding=0)), **down)
        bottlenecks = {"bottleneck1": group(4 * w, 4 * w, 2), "bottleneck2": group(4 * w, 6 * w, 2), "bottleneck3": group(6 * w, 8 * w, 1)}
        self.global_feature_extractor = named(**bottlenecks, ppm=Pyramid(8 * w, 8 * w))
        self.feature_fusion = Fusion(4 * w, 8 * w)
        scores = nn.Sequential(nn.Dropout(0.1), nn.Conv2d(8 * w, classes, 1))
        self.classifier = named(dsconv1=separable(8 * w, 8 * w), dsconv2=separable(8 * w, 8 * w), conv=scores)
        if aux:
            self.auxlayer = nn.Sequential(*cbr(4 * w, 2 * w), nn.Dropout(0.1), nn.Conv2d(2 * w, classes, 1))

    def forward(self, x):
        size, high = x.shape[2:], self.learning_to_downsample(x)
        logits = aligned(self.classifier(self.feature_fusion(high, self.global_feature_extractor(high))), size)
        return (logits, aligned(self.auxlayer(high), size)) if hasattr(self, "auxlayer") else (logits,)


# --- BiSeNetV2: Yu et al. 2021, table 1 and figures 3 to 6 ---

def cb(c_in, c_out, k=3, stride=1):
    """Convolution, batch norm and ReLU as conv and bn."""
    conv, bn, act = cbr(c_in, c_out, k, stride)
    return named(conv=conv, bn=bn, relu=act)


class Stem(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.conv, self.left, self.fuse = cb(3, c, stride=2), nn.Sequential(cb(c, c // 2, 1), cb(c // 2, c, stride=2)), cb(2 * c, c)

    def forward(self, x):
        x = self.conv(x)
        return self.fuse(torch.cat([self.left(x), F.max_pool2d(x, 3, 2, 1)], 1))


class GatherExpand(nn.Module):
    def __init__(self, c_in, c_out, stride):
        super().__init__()
        m = 6 * c_in
        self.conv1 = cb(c_in, c_in)
        if stride == 1:
            self.dwconv = nn.Sequential(*cbr(c_in, m, 3, 1, c_in))
        else:
            self.dwconv1 = nn.Sequential(*cbr(c_in, m, 3, 2, c_in, act=False))
            self.dwconv2 = nn.Sequential(*cbr(m, m, 3, 1, m))
            self.shortcut = nn.Sequential(*cbr(c_in, c_in, 3, 2, c_in, act=False), *cbr(c_in, c_out, 1, act=False))
        self.conv2 = nn.Sequential(*cbr(m, c_out, 1, act=False))

    def forward(self, x):
        y = self.conv1(x)
        if hasattr(self, "shortcut"):
            return F.relu(self.conv2(self.dwconv2(self.dwconv1(y))) + self.shortcut(x))
        return F.relu(self.conv2(self.dwconv(y)) + x)


class Context(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.bn, self.conv_gap, self.conv_last = nn.BatchNorm2d(c), cb(c, c, 1), cb(c, c)

    def forward(self, x):
        return self.conv_last(self.conv_gap(self.bn(x.mean((2, 3), keepdim=True))) + x)


class Aggregation(nn.Module):
    def __init__(self, c):
        super().__init__()
        sep = lambda: nn.Sequential(*cbr(c, c, 3, 1, c, act=False), nn.Conv2d(c, c, 1, bias=False))
        self.left1, self.right2 = sep(), sep()
        self.left2 = nn.Sequential(*cbr(c, c, 3, 2, act=False), nn.AvgPool2d(3, 2, 1))
        self.right1, self.conv = nn.Sequential(*cbr(c, c, act=False)), nn.Sequential(*cbr(c, c))

    def forward(self, d, s):
        left = self.left1(d) * torch.sigmoid(F.interpolate(self.right1(s), d.shape[2:]))
        right = self.left2(d) * torch.sigmoid(self.right2(s))
        return self.conv(left + F.interpolate(right, d.shape[2:]))


class Head(nn.Module):
    def __init__(self, c_in, c, classes, factor=None):
        super().__init__()
        self.conv, self.drop = cb(c_in, c), nn.Dropout(0.1)
        first = nn.Sequential(nn.Upsample(scale_factor=2), cb(c, factor**2)) if factor else nn.Identity()
        self.conv_out = nn.Sequential(first, nn.Conv2d(factor**2 if factor else c, classes, 1))

    def forward(self, x, size):
        return F.interpolate(self.conv_out(self.drop(self.conv(x))), size, mode="bilinear", align_corners=False)


class BiSeNetV2(nn.Module):
    def __init__(self, classes, width=128, aux=True):
        super().__init__()
        w = width
        stage = lambda a, b, n: nn.Sequential(cb(a, b, stride=2), *[cb(b, b) for _ in range(n - 1)])
        ge = lambda a, b, n: nn.Sequential(GatherExpand(a, b, 2), *[GatherExpand(b, b, 1) for _ in range(n - 1)])
        self.detail = named(S1=stage(3, w // 2, 2), S2=stage(w // 2, w // 2, 3), S3=stage(w // 2, w, 3))
        self.segment = nn.ModuleDict({"S1S2": Stem(w // 8), "S3": ge(w // 8, w // 4, 2), "S4": ge(w // 4, w // 2, 2), "S5_4": ge(w // 2, w, 4), "S5_5": Context(w)})
        self.bga, self.head, self.aux = Aggregation(w), Head(w, 8 * w, classes), aux
        if aux:
            self.aux2, self.aux3, self.aux4, self.aux5_4 = (Head(w // 8 * f, w, classes, 4 * f) for f in (1, 2, 4, 8))

    def forward(self, x):
        maps = [x]
        for part in self.segment.values():
            maps.append(part(maps[-1]))
        size = x.shape[2:]
        logits = self.head(self.bga(self.detail(x), maps[-1]), size)
        if not self.aux:
            return (logits,)
        return (logits, *(head(m, size) for head, m in zip((self.aux2, self.aux3, self.aux4, self.aux5_4), maps[1:])))


if __name__ == "__main__":
    for make in (FastSCNN, BiSeNetV2):
        for aux in (False, True):
            net = make(19, aux=aux)
            print(f"{make.__name__}, aux {aux}: {sum(p.numel() for p in net.parameters()):,} parameters, {len(net.state_dict())} entries")
    family = Networks("real-time", seed=23)
    family.network("Fast-SCNN", FastSCNN(3, 16), (1, 3, 64, 96), outputs=list)
    family.network("Fast-SCNN, odd size", FastSCNN(1, 16, aux=False), (1, 3, 77, 51), outputs=list, full=True)
    family.network("Fast-SCNN, training", FastSCNN(2, 8), (6, 3, 64, 96), train=True, outputs=list, full=True)
    family.network("BiSeNetV2", BiSeNetV2(3, 16), (1, 3, 64, 96), outputs=list)
    family.network("BiSeNetV2, odd size", BiSeNetV2(1, 16, aux=False), (1, 3, 77, 51), outputs=list, full=True)
    family.network("BiSeNetV2, training", BiSeNetV2(2, 16), (8, 3, 64, 64), train=True, outputs=list, full=True)
    family.write()
