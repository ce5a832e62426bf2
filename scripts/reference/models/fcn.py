"""FCN-32s, 16s and 8s on VGG-16 (Long et al. 2015): Caffe's padding, ceil mode and crops, names of wkentaro/pytorch-fcn."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import torch
from torch import nn
from torch.nn import functional as F

from networks import Networks

family = Networks("fcn", seed=21)


class FCN(nn.Module):
    def __init__(self, stride, width=2, hidden=16, classes=3, scales=(1, 1)):
        super().__init__()
        self.stride, self.scales, before = stride, scales, 3
        self.stages = []
        for stage, count in enumerate((2, 2, 3, 3, 3)):
            channels = width * min(8, 2**stage)
            names = [f"conv{stage + 1}_{i + 1}" for i in range(count)]
            for name in names:
                self.add_module(name, nn.Conv2d(before, channels, 3, padding=100 if name == "conv1_1" else 1))
                before = channels
            self.stages.append(names)
        self.fc6 = nn.Conv2d(before, hidden, 7)
        self.fc7 = nn.Conv2d(hidden, hidden, 1)
        self.score_fr = nn.Conv2d(hidden, classes, 1)
        up = lambda factor: nn.ConvTranspose2d(classes, classes, 2 * factor, factor, bias=False)
        if stride == 32:
            self.upscore = up(32)
            return
        self.score_pool4 = nn.Conv2d(8 * width, classes, 1)
        self.upscore2 = up(2)
        if stride == 16:
            self.upscore16 = up(16)
            return
        self.score_pool3 = nn.Conv2d(4 * width, classes, 1)
        self.upscore_pool4, self.upscore8 = up(2), up(8)

    def forward(self, x):
        cut = lambda t, at, like: t[:, :, at:at + like.shape[2], at:at + like.shape[3]]
        h, pools = x, []
        for names in self.stages:
            for name in names:
                h = F.relu(getattr(self, name)(h))
            h = F.max_pool2d(h, 2, 2, ceil_mode=True)
            pools.append(h)
        score = self.score_fr(F.relu(self.fc7(F.relu(self.fc6(h)))))
        if self.stride == 32:
            return cut(self.upscore(score), 19, x)
        score = self.upscore2(score)
        score = score + cut(self.score_pool4(pools[3] * self.scales[0]), 5, score)
        if self.stride == 16:
            return cut(self.upscore16(score), 27, x)
        score = self.upscore_pool4(score)
        score = score + cut(self.score_pool3(pools[2] * self.scales[1]), 9, score)
        return cut(self.upscore8(score), 31, x)


family.network("8s", FCN(8), (2, 3, 33, 41), train=True)
family.network("16s", FCN(16), (1, 3, 45, 38), full=True, train=True)
family.network("32s", FCN(32), (1, 3, 37, 64), full=True, train=True)
family.network("8s at once", FCN(8, scales=(0.01, 0.0001)), (1, 3, 65, 1), full=True)
family.write()
