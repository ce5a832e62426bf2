"""ICNet after the authors' prototxt (hszhao/ICNet, icnet_cityscapes_bnnomerge.prototxt), at narrow widths: modules have the names of its layers,
batch norms with _bn for /bn. Windows of the pyramid on other maps than 33x65 by the rule of src/models/icnet.ts."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import torch
from torch import nn
from torch.nn import functional as F

from networks import Networks


def interp(x, size):
    return F.interpolate(x, size, mode="bilinear", align_corners=True)


def shrink(x):
    """Interp with shrink_factor 2."""
    return interp(x, [(n - 1) // 2 + 1 for n in x.shape[2:]])


class ICNet(nn.Module):
    def __init__(self, classes, width=32, blocks=(3, 4, 6, 3), aux=True):
        super().__init__()
        w, self.blocks, self.aux = width, blocks, aux
        self.conv("conv1_1_3x3_s2", 3, w, 3, stride=2)
        self.conv("conv1_2_3x3", w, w, 3)
        self.conv("conv1_3_3x3", w, 2 * w, 3)
        c = 2 * w
        for stage, (count, stride, dilation) in enumerate(zip(blocks, (1, 2, 1, 1), (1, 1, 2, 4)), 2):
            planes = w * 2 ** (stage - 2)
            for block in range(1, count + 1):
                name, s = f"conv{stage}_{block}", stride if block == 1 else 1
                self.conv(f"{name}_1x1_reduce", c, planes, 1, stride=s)
                self.conv(f"{name}_3x3", planes, planes, 3, dilation=dilation)
                self.conv(f"{name}_1x1_increase", planes, 4 * planes, 1)
                if block == 1:
                    self.conv(f"{name}_1x1_proj", c, 4 * planes, 1, stride=s)
                c = 4 * planes
        self.conv("conv5_4_k1", c, 8 * w, 1)
        self.conv("conv_sub4", 8 * w, 4 * w, 3, dilation=2)
        self.conv("conv3_1_sub2_proj", 8 * w, 4 * w, 1)
        self.conv("conv_sub2", 4 * w, 4 * w, 3, dilation=2)
        self.conv("conv1_sub1", 3, w, 3, stride=2)
        self.conv("conv2_sub1", w, w, 3, stride=2)
        self.conv("conv3_sub1", w, 2 * w, 3, stride=2)
        self.conv("conv3_sub1_proj", 2 * w, 4 * w, 1)
        self.conv6_cls = nn.Conv2d(4 * w, classes, 1)
        if aux:
            self.sub4_out, self.sub24_out = nn.Conv2d(8 * w, classes, 1), nn.Conv2d(4 * w, classes, 1)

    def conv(self, name, c_in, c_out, k, stride=1, dilation=1):
        self.add_module(name, nn.Conv2d(c_in, c_out, k, stride, k // 2 * dilation, dilation, bias=False))
        self.add_module(f"{name}_bn", nn.BatchNorm2d(c_out, momentum=0.05))

    def run(self, name, x):
        return self.get_submodule(f"{name}_bn")(self.get_submodule(name)(x))

    def block(self, name, x):
        y = F.relu(self.run(f"{name}_1x1_reduce", x))
        y = self.run(f"{name}_1x1_increase", F.relu(self.run(f"{name}_3x3", y)))
        return F.relu(y + (self.run(f"{name}_1x1_proj", x) if name.endswith("_1") else x))

    def pyramid(self, x):
        total = x
        for bins, share in ((1, 1), (2, 16 / 32), (3, 10 / 32), (6, 5 / 32)):
            steps = [max(1, int((n - 1) * share)) for n in x.shape[2:]]
            windows = [max(1, n - (bins - 1) * s) for n, s in zip(x.shape[2:], steps)]
            total = total + interp(F.avg_pool2d(x, windows, steps), x.shape[2:])
        return total

    def forward(self, x):
        y = shrink(x)
        for name in ("conv1_1_3x3_s2", "conv1_2_3x3", "conv1_3_3x3"):
            y = F.relu(self.run(name, y))
        y = F.max_pool2d(y, 3, 2, 1)
        for i in range(self.blocks[0]):
            y = self.block(f"conv2_{i + 1}", y)
        conv3_1 = self.block("conv3_1", y)
        y = shrink(conv3_1)
        for stage, first, count in ((3, 2, self.blocks[1]), (4, 1, self.blocks[2]), (5, 1, self.blocks[3])):
            for i in range(first, count + 1):
                y = self.block(f"conv{stage}_{i}", y)
        sub4 = interp(F.relu(self.run("conv5_4_k1", self.pyramid(y))), conv3_1.shape[2:])
        conv2_sub1 = F.relu(self.run("conv2_sub1", F.relu(self.run("conv1_sub1", x))))
        conv3_sub1 = F.relu(self.run("conv3_sub1", conv2_sub1))
        sub24 = interp(F.relu(self.run("conv_sub4", sub4) + self.run("conv3_1_sub2_proj", conv3_1)), conv3_sub1.shape[2:])
        sub12 = interp(F.relu(self.run("conv_sub2", sub24) + self.run("conv3_sub1_proj", conv3_sub1)), conv2_sub1.shape[2:])
        logits = interp(self.conv6_cls(sub12), x.shape[2:])
        return (logits, self.sub4_out(sub4), self.sub24_out(sub24)) if self.aux else (logits,)


if __name__ == "__main__":
    for aux in (False, True):
        net = ICNet(19, aux=aux)
        print(f"ICNet, aux {aux}: {sum(p.numel() for p in net.parameters()):,} parameters, {len(net.state_dict())} entries")
    family = Networks("icnet", seed=22)
    family.network("odd size", ICNet(3, 4, (1, 2, 1, 1)), (1, 3, 85, 118), outputs=list)
    family.network("training", ICNet(3, 2, (1, 2, 1, 1)), (2, 3, 129, 161), train=True, outputs=list, full=True)
    family.network("wide image", ICNet(4, 2, (2, 3, 1, 2), aux=False), (1, 3, 193, 385), outputs=list, full=True)
    family.write()
