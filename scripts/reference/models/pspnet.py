"""PSPNet with the names of hszhao/semseg, at narrow widths: deep stem, layer3 and layer4 dilated by 2 and 4 in every 3x3, pyramid pooling."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import torch
from torch import nn
from torch.nn import functional as F

from networks import Networks


class Bottleneck(nn.Module):
    def __init__(self, c_in, planes, stride, dilation, stride_first):
        super().__init__()
        one, three = (stride, 1) if stride_first else (1, stride)
        self.conv1, self.bn1 = nn.Conv2d(c_in, planes, 1, one, bias=False), nn.BatchNorm2d(planes)
        self.conv2, self.bn2 = nn.Conv2d(planes, planes, 3, three, dilation, dilation, bias=False), nn.BatchNorm2d(planes)
        self.conv3, self.bn3 = nn.Conv2d(planes, 4 * planes, 1, bias=False), nn.BatchNorm2d(4 * planes)
        if stride > 1 or c_in != 4 * planes:
            self.downsample = nn.Sequential(nn.Conv2d(c_in, 4 * planes, 1, stride, bias=False), nn.BatchNorm2d(4 * planes))

    def forward(self, x):
        y = F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))
        return F.relu(self.bn3(self.conv3(y)) + (self.downsample(x) if hasattr(self, "downsample") else x))


def stage(c_in, planes, blocks, stride, dilation, stride_first):
    return nn.Sequential(*[Bottleneck(c_in if i == 0 else 4 * planes, planes, stride if i == 0 else 1, dilation, stride_first) for i in range(blocks)])


class PPM(nn.Module):
    def __init__(self, c, bins):
        super().__init__()
        r = c // len(bins)
        self.features = nn.ModuleList([nn.Sequential(nn.AdaptiveAvgPool2d(b), nn.Conv2d(c, r, 1, bias=False), nn.BatchNorm2d(r), nn.ReLU()) for b in bins])

    def forward(self, x):
        return torch.cat([x] + [F.interpolate(f(x), x.shape[2:], mode="bilinear", align_corners=True) for f in self.features], 1)


def head(c_in, c, classes):
    return nn.Sequential(nn.Conv2d(c_in, c, 3, padding=1, bias=False), nn.BatchNorm2d(c), nn.ReLU(), nn.Dropout2d(0.1), nn.Conv2d(c, classes, 1))


class PSPNet(nn.Module):
    def __init__(self, classes, blocks, width=64, bins=(1, 2, 3, 6), stride_first=False, aux=True):
        super().__init__()
        w = width
        conv = lambda a, b, s: [nn.Conv2d(a, b, 3, s, 1, bias=False), nn.BatchNorm2d(b), nn.ReLU()]
        self.layer0 = nn.Sequential(*conv(3, w, 2), *conv(w, w, 1), *conv(w, 2 * w, 1), nn.MaxPool2d(3, 2, 1))
        self.layer1 = stage(2 * w, w, blocks[0], 1, 1, stride_first)
        self.layer2 = stage(4 * w, 2 * w, blocks[1], 2, 1, stride_first)
        self.layer3 = stage(8 * w, 4 * w, blocks[2], 1, 2, stride_first)
        self.layer4 = stage(16 * w, 8 * w, blocks[3], 1, 4, stride_first)
        self.ppm = PPM(32 * w, bins)
        self.cls = head(32 * w + 32 * w // len(bins) * len(bins), 8 * w, classes)
        if aux:
            self.aux = head(16 * w, 4 * w, classes)

    def forward(self, x):
        up = lambda y: F.interpolate(y, x.shape[2:], mode="bilinear", align_corners=True)
        middle = self.layer3(self.layer2(self.layer1(self.layer0(x))))
        logits = up(self.cls(self.ppm(self.layer4(middle))))
        return (logits, up(self.aux(middle))) if hasattr(self, "aux") else (logits,)


if __name__ == "__main__":
    for depth, blocks, classes in ((50, (3, 4, 6, 3), 150), (101, (3, 4, 23, 3), 21)):
        for aux in (False, True):
            net = PSPNet(classes, blocks, aux=aux)
            print(f"PSPNet-{depth}, {classes} classes, aux {aux}: {sum(p.numel() for p in net.parameters()):,} parameters, {len(net.state_dict())} entries")
    family = Networks("pspnet", seed=21)
    narrow = lambda **options: PSPNet(**{"classes": 3, "blocks": (1, 1, 1, 1), "width": 2, **options})
    family.network("semseg", narrow(blocks=(1, 2, 2, 2)), (1, 3, 41, 57), outputs=list)
    family.network("training", narrow(), (6, 3, 33, 41), train=True, outputs=list, full=True)
    family.network("Caffe", narrow(stride_first=True, aux=False), (2, 3, 65, 49), outputs=list, full=True)
    family.network("other bins", narrow(bins=(1, 4), classes=1), (1, 3, 35, 52), outputs=list, full=True)
    family.write()
