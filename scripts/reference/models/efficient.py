"""Networks for real time, at narrow widths: ENet, ERFNet and ESPNet with the names of davidtvs/PyTorch-ENet, Eromera/erfnet_pytorch and
sacmehta/ESPNet. Sizes that do not halve evenly are cropped where the originals of the last two would stop."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import torch
from torch import nn
from torch.nn import functional as F

from networks import Networks


def crop(x, like):
    return x[:, :, :like.shape[2], :like.shape[3]]


# --- ENet: Paszke et al. 2016, Table 1 and figure 2 ---

def cba(c_in, c_out, k, act, stride=1, padding=0, dilation=1):
    return [nn.Conv2d(c_in, c_out, k, stride, padding, dilation, bias=False), nn.BatchNorm2d(c_out)] + ([act()] if act else [])


class Initial(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.main_branch = nn.Conv2d(3, c - 3, 3, 2, 1, bias=False)
        self.batch_norm, self.out_activation = nn.BatchNorm2d(c), nn.PReLU()

    def forward(self, x):
        return self.out_activation(self.batch_norm(torch.cat((self.main_branch(x), F.max_pool2d(x, 3, 2, 1)), 1)))


class Regular(nn.Module):
    def __init__(self, c, act=nn.PReLU, dilation=1, asymmetric=False):
        super().__init__()
        i = c // 4
        self.ext_conv1 = nn.Sequential(*cba(c, i, 1, act))
        middle = cba(i, i, (5, 1), act, padding=(2, 0)) + cba(i, i, (1, 5), act, padding=(0, 2)) if asymmetric else cba(i, i, 3, act, 1, dilation, dilation)
        self.ext_conv2 = nn.Sequential(*middle)
        self.ext_conv3 = nn.Sequential(*cba(i, c, 1, act))
        self.out_activation = act()

    def forward(self, x):
        return self.out_activation(x + self.ext_conv3(self.ext_conv2(self.ext_conv1(x))))


class Down(nn.Module):
    def __init__(self, c_in, c_out):
        super().__init__()
        i = c_in // 4
        self.ext_conv1 = nn.Sequential(*cba(c_in, i, 2, nn.PReLU, 2))
        self.ext_conv2 = nn.Sequential(*cba(i, i, 3, nn.PReLU, padding=1))
        self.ext_conv3 = nn.Sequential(*cba(i, c_out, 1, nn.PReLU))
        self.out_activation = nn.PReLU()

    def forward(self, x):
        main, indices = F.max_pool2d(x, 2, return_indices=True)
        ext = self.ext_conv3(self.ext_conv2(self.ext_conv1(x)))
        return self.out_activation(F.pad(main, (0, 0, 0, 0, 0, ext.shape[1] - main.shape[1])) + ext), indices


class Unpool(nn.Module):
    def __init__(self, c_in, c_out):
        super().__init__()
        i = c_in // 4
        self.main_conv1 = nn.Sequential(*cba(c_in, c_out, 1, None))
        self.ext_conv1 = nn.Sequential(*cba(c_in, i, 1, nn.ReLU))
        self.ext_tconv1, self.ext_tconv1_bnorm = nn.ConvTranspose2d(i, i, 2, 2, bias=False), nn.BatchNorm2d(i)
        self.ext_conv2 = nn.Sequential(*cba(i, c_out, 1, None))

    def forward(self, x, indices, size):
        main = F.max_unpool2d(self.main_conv1(x), indices, 2, output_size=size)
        ext = self.ext_conv2(F.relu(self.ext_tconv1_bnorm(self.ext_tconv1(self.ext_conv1(x), output_size=size))))
        return F.relu(main + ext)


CONTEXT = [("regular", {}), ("dilated", dict(dilation=2)), ("asymmetric", dict(asymmetric=True)), ("dilated", dict(dilation=4)),
           ("regular", {}), ("dilated", dict(dilation=8)), ("asymmetric", dict(asymmetric=True)), ("dilated", dict(dilation=16))]


class ENet(nn.Module):
    def __init__(self, classes, w=16):
        super().__init__()
        self.initial_block, self.downsample1_0, self.downsample2_0 = Initial(w), Down(w, 4 * w), Down(4 * w, 8 * w)
        self.upsample4_0, self.upsample5_0 = Unpool(8 * w, 4 * w), Unpool(4 * w, w)
        self.stages = {1: [f"regular1_{i}" for i in (1, 2, 3, 4)], 4: ["regular4_1", "regular4_2"], 5: ["regular5_1"]}
        for stage, c, act in ((1, 4 * w, nn.PReLU), (4, 4 * w, nn.ReLU), (5, w, nn.ReLU)):
            for name in self.stages[stage]:
                self.add_module(name, Regular(c, act))
        for stage, first in ((2, 1), (3, 0)):
            self.stages[stage] = [f"{kind}{stage}_{first + i}" for i, (kind, _) in enumerate(CONTEXT)]
            for name, (_, options) in zip(self.stages[stage], CONTEXT):
                self.add_module(name, Regular(8 * w, **options))
        self.transposed_conv = nn.ConvTranspose2d(w, classes, 3, 2, 1, bias=False)

    def stage(self, x, *stages):
        for s in stages:
            for name in self.stages[s]:
                x = getattr(self, name)(x)
        return x

    def forward(self, image):
        half = self.initial_block(image)
        x, indices1 = self.downsample1_0(half)
        quarter = self.stage(x, 1)
        x, indices2 = self.downsample2_0(quarter)
        x = self.upsample4_0(self.stage(x, 2, 3), indices2, quarter.shape[2:])
        x = self.upsample5_0(self.stage(x, 4), indices1, half.shape[2:])
        return self.transposed_conv(self.stage(x, 5), output_size=image.shape[2:])


# --- ERFNet: Romera et al. 2018, Table I ---

class Shrink(nn.Module):
    def __init__(self, c_in, c_out):
        super().__init__()
        self.conv, self.bn = nn.Conv2d(c_in, c_out - c_in, 3, 2, 1), nn.BatchNorm2d(c_out, eps=1e-3)

    def forward(self, x):
        return F.relu(self.bn(torch.cat((self.conv(x), F.max_pool2d(x, 2, ceil_mode=True)), 1)))


class NonBottleneck(nn.Module):
    def __init__(self, c, d):
        super().__init__()
        for i, rate in ((1, 1), (2, d)):
            self.add_module(f"conv3x1_{i}", nn.Conv2d(c, c, (3, 1), padding=(rate, 0), dilation=(rate, 1)))
            self.add_module(f"conv1x3_{i}", nn.Conv2d(c, c, (1, 3), padding=(0, rate), dilation=(1, rate)))
            self.add_module(f"bn{i}", nn.BatchNorm2d(c, eps=1e-3))

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1x3_1(F.relu(self.conv3x1_1(x)))))
        return F.relu(x + self.bn2(self.conv1x3_2(F.relu(self.conv3x1_2(y)))))


class Grow(nn.Module):
    def __init__(self, c_in, c_out):
        super().__init__()
        self.conv, self.bn = nn.ConvTranspose2d(c_in, c_out, 3, 2, 1, 1), nn.BatchNorm2d(c_out, eps=1e-3)

    def forward(self, x, like):
        return F.relu(self.bn(crop(self.conv(x), like)))


class ERFNet(nn.Module):
    def __init__(self, classes, w=16):
        super().__init__()
        self.encoder, self.decoder = nn.Module(), nn.Module()
        self.encoder.initial_block = Shrink(3, w)
        self.encoder.layers = nn.ModuleList([Shrink(w, 4 * w), *(NonBottleneck(4 * w, 1) for _ in range(5)), Shrink(4 * w, 8 * w),
                                             *(NonBottleneck(8 * w, d) for d in (2, 4, 8, 16) * 2)])
        self.encoder.output_conv = nn.Conv2d(8 * w, classes, 1)
        self.decoder.layers = nn.ModuleList([Grow(8 * w, 4 * w), NonBottleneck(4 * w, 1), NonBottleneck(4 * w, 1), Grow(4 * w, w), NonBottleneck(w, 1), NonBottleneck(w, 1)])
        self.decoder.output_conv = nn.ConvTranspose2d(w, classes, 2, 2)

    def forward(self, image):
        half = self.encoder.initial_block(image)
        quarter = nn.Sequential(*self.encoder.layers[:6])(half)
        x = nn.Sequential(*self.encoder.layers[6:])(quarter)
        a, b, c, d, e, f = self.decoder.layers
        return crop(self.decoder.output_conv(f(e(d(c(b(a(x, quarter))), half)))), image)


# --- ESPNet: Mehta et al. 2018, figures 1 and 4 ---

class BR(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.bn, self.act = nn.BatchNorm2d(c, eps=1e-3), nn.PReLU(c)

    def forward(self, x):
        return self.act(self.bn(x))


class Conv(nn.Module):
    def __init__(self, c_in, c_out, k, stride=1, d=1):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, k, stride, k // 2 * d, d, bias=False)

    def forward(self, x):
        return self.conv(x)


class CBR(Conv):
    def __init__(self, c_in, c_out, stride=1):
        super().__init__(c_in, c_out, 3, stride)
        self.bn, self.act = nn.BatchNorm2d(c_out, eps=1e-3), nn.PReLU(c_out)

    def forward(self, x):
        return self.act(self.bn(self.conv(x)))


class Pyramid(nn.Module):
    """One of the authors' two blocks: stride 2 has its norm and activation without a module around them, and no residual."""

    def __init__(self, c_in, c_out, stride=1, residual=True):
        super().__init__()
        n = c_out // 5
        self.c1 = Conv(c_in, n, 3 if stride == 2 else 1, stride)
        self.d1 = Conv(n, c_out - 4 * n, 3)
        for d in (2, 4, 8, 16):
            self.add_module(f"d{d}", Conv(n, n, 3, d=d))
        self.residual = residual and stride == 1
        if stride == 2:
            self.bn, self.act = nn.BatchNorm2d(c_out, eps=1e-3), nn.PReLU(c_out)
        else:
            self.bn, self.act = BR(c_out), nn.Identity()

    def forward(self, x):
        y = self.c1(x)
        sums = torch.cumsum(torch.stack([self.d2(y), self.d4(y), self.d8(y), self.d16(y)]), 0)
        y = torch.cat((self.d1(y), *sums), 1)
        return self.act(self.bn(x + y if self.residual else y))


class ESPNet(nn.Module):
    def __init__(self, classes, p=2, q=8, w=16):
        super().__init__()
        s, e = max(classes, 5), nn.Module()
        self.encoder = e
        e.level1, e.b1, e.level2_0 = CBR(3, w, 2), BR(w + 3), Pyramid(w + 3, 4 * w, 2)
        e.level2 = nn.ModuleList(Pyramid(4 * w, 4 * w) for _ in range(p))
        e.b2, e.level3_0 = BR(8 * w + 3), Pyramid(8 * w + 3, 8 * w, 2)
        e.level3 = nn.ModuleList(Pyramid(8 * w, 8 * w) for _ in range(q))
        e.b3, e.classifier = BR(16 * w), Conv(16 * w, s, 1)
        up = lambda to: nn.ConvTranspose2d(s, to, 2, 2, bias=False)
        self.level3_C, self.br, self.conv, self.up_l3 = Conv(8 * w + 3, s, 1), nn.BatchNorm2d(s, eps=1e-3), CBR(w + 3 + s, s), nn.Sequential(up(s))
        self.combine_l2_l3, self.up_l2, self.classifier = nn.Sequential(BR(2 * s), Pyramid(2 * s, s, residual=False)), nn.Sequential(up(s), BR(s)), up(classes)

    def forward(self, image):
        e, pool = self.encoder, lambda x: F.avg_pool2d(x, 3, 2, 1)
        a = e.b1(torch.cat((e.level1(image), pool(image)), 1))
        first = x = e.level2_0(a)
        for block in e.level2:
            x = block(x)
        b = e.b2(torch.cat((x, first, pool(pool(image))), 1))
        first = x = e.level3_0(b)
        for block in e.level3:
            x = block(x)
        eighth = e.classifier(e.b3(torch.cat((first, x), 1)))
        quarter = self.combine_l2_l3(torch.cat((self.level3_C(b), crop(self.up_l3(self.br(eighth)), b)), 1))
        return crop(self.classifier(self.conv(torch.cat((crop(self.up_l2(quarter), a), a), 1))), image)


for name, full in (("ENet, 12 classes", ENet(12)), ("ENet, 20", ENet(20)), ("ERFNet, 20", ERFNet(20)), ("ERFNet, 12", ERFNet(12)), ("ESPNet, 12", ESPNet(12)), ("ESPNet, 20", ESPNet(20))):
    print(f"{name}: {sum(p.numel() for p in full.parameters()):,} parameters, {len(full.state_dict())} entries, {sum(v.numel() for k, v in full.state_dict().items() if 'tracked' not in k):,} values")

family = Networks("efficient", seed=32)
family.network("enet", ENet(5, 8), (2, 3, 33, 46), train=True, gain=0.5)
family.network("erfnet", ERFNet(5, 4), (2, 3, 33, 46), train=True, full=True)
family.network("erfnet, multiple of 8", ERFNet(3, 4), (1, 3, 64, 40), full=True)
family.network("espnet", ESPNet(6, 1, 2, 4), (2, 3, 33, 46), train=True)
family.network("espnet, two classes", ESPNet(2, 2, 3, 4), (1, 3, 64, 41), full=True)
family.write()
