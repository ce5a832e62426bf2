"""U-Net without padding (Ronneberger et al. 2015), names of milesial/Pytorch-UNet."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import torch
from torch import nn

from networks import Networks

family = Networks("unet-original", seed=22)


def double(before, channels):
    module = nn.Module()
    module.double_conv = nn.Sequential(nn.Conv2d(before, channels, 3), nn.ReLU(), nn.Conv2d(channels, channels, 3), nn.ReLU())
    return module


class UNet(nn.Module):
    def __init__(self, channels, widths, classes=2):
        super().__init__()
        self.levels = len(widths) - 1
        self.inc = double(channels, widths[0])
        for i in range(self.levels):
            down = nn.Module()
            down.maxpool_conv = nn.Sequential(nn.MaxPool2d(2), double(widths[i], widths[i + 1]))
            self.add_module(f"down{i + 1}", down)
            up, (here, below) = nn.Module(), (widths[self.levels - 1 - i], widths[self.levels - i])
            up.up, up.conv = nn.ConvTranspose2d(below, here, 2, 2), double(2 * here, here)
            self.add_module(f"up{i + 1}", up)
        self.outc = nn.Module()
        self.outc.conv = nn.Conv2d(widths[0], classes, 1)

    def forward(self, x):
        h = self.inc.double_conv(x)
        skips = []
        for i in range(self.levels):
            skips.append(h)
            pool, convs = getattr(self, f"down{i + 1}").maxpool_conv
            h = convs.double_conv(pool(h))
        for i in range(self.levels):
            up, skip = getattr(self, f"up{i + 1}"), skips.pop()
            h = up.up(h)
            top, left = (skip.shape[2] - h.shape[2]) // 2, (skip.shape[3] - h.shape[3]) // 2
            h = up.conv.double_conv(torch.cat([skip[:, :, top:top + h.shape[2], left:left + h.shape[3]], h], 1))
        return self.outc.conv(h)


family.network("five levels", UNet(1, [2, 4, 8, 16, 16]), (1, 1, 188, 204))
family.network("three levels", UNet(3, [4, 8, 12]), (2, 3, 48, 56), train=True)
family.write()
