"""FC-DenseNet (Jégou et al. 2017, Table 1 and section 3) with the names of bfortuner/pytorch_tiramisu, at narrow widths."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import torch
from torch import nn

from networks import Networks


def unit(c_in, c_out, k):
    layers = nn.Sequential()
    for name, layer in (("norm", nn.BatchNorm2d(c_in)), ("relu", nn.ReLU()), ("conv", nn.Conv2d(c_in, c_out, k, padding=k // 2)), ("drop", nn.Dropout(0.2))):
        layers.add_module(name, layer)
    return layers


class Dense(nn.Module):
    def __init__(self, c, growth, n):
        super().__init__()
        self.layers = nn.ModuleList(unit(c + i * growth, growth, 3) for i in range(n))

    def forward(self, x):
        start = x.shape[1]
        for layer in self.layers:
            x = torch.cat((x, layer(x)), 1)
        return x, x[:, start:]


class Up(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.convTrans = nn.ConvTranspose2d(c, c, 3, 2)

    def forward(self, new, skip):
        up = self.convTrans(new)
        # The centre crop of Lasagne: the surplus, 0 or 1, halved and rounded down, stands before.
        (top, left), (h, w) = [(u - s) // 2 for u, s in zip(up.shape[2:], skip.shape[2:])], skip.shape[2:]
        return torch.cat((up[:, :, top:top + h, left:left + w], skip), 1)


class FCDenseNet(nn.Module):
    def __init__(self, blocks, growth, width, classes):
        super().__init__()
        levels = len(blocks) // 2
        self.firstconv = nn.Conv2d(3, width, 3, padding=1)
        self.denseBlocksDown, self.transDownBlocks, self.transUpBlocks, self.denseBlocksUp = (nn.ModuleList() for _ in range(4))
        c, skips = width, []
        for n in blocks[:levels]:
            self.denseBlocksDown.append(Dense(c, growth, n))
            c += growth * n
            skips.append(c)
            down = unit(c, c, 1)
            down.add_module("maxpool", nn.MaxPool2d(2))
            self.transDownBlocks.append(down)
        self.bottleneck = nn.Sequential()
        self.bottleneck.add_module("bottleneck", Dense(c, growth, blocks[levels]))
        for before, n in zip(blocks[levels:], blocks[levels + 1:]):
            self.transUpBlocks.append(Up(growth * before))
            c = growth * before + skips.pop()
            self.denseBlocksUp.append(Dense(c, growth, n))
        self.finalConv = nn.Conv2d(c + growth * blocks[-1], classes, 1)

    def forward(self, x):
        x, skips = self.firstconv(x), []
        for dense, down in zip(self.denseBlocksDown, self.transDownBlocks):
            x, _ = dense(x)
            skips.append(x)
            x = down(x)
        x, new = self.bottleneck(x)
        for up, dense in zip(self.transUpBlocks, self.denseBlocksUp):
            x, new = dense(up(new, skips.pop()))
        return self.finalConv(x)


def check(blocks, growth, parameters):
    """The counts of the paper's three networks, without memory for them."""
    with torch.device("meta"):
        assert sum(p.numel() for p in FCDenseNet(blocks, growth, 48, 11).parameters()) == parameters


check([4] * 11, 12, 1_376_795)
check([5] * 11, 16, 3_463_243)
check([4, 5, 7, 10, 12, 15, 12, 10, 7, 5, 4], 16, 9_322_091)

family = Networks("fc-densenet", seed=31)
family.network("two levels", FCDenseNet([2, 3, 2, 2, 1], 4, 8, 5), (2, 3, 21, 30), train=True)
family.network("five levels", FCDenseNet([2] * 11, 4, 12, 11), (1, 3, 65, 47), full=True)
family.write()
