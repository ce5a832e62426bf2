"""A narrow U-Net with the modules of milesial's Pytorch-UNet: weights, logits in evaluation, and one training step's loss,
gradients and running statistics. Written as a safetensors file in base64, entries as PyTorch lays them out."""
import base64

import torch
import torch.nn as nn
import torch.nn.functional as F
from safetensors.torch import save

from fixture import write


class DoubleConv(nn.Module):
    def __init__(self, i, o, m=None):
        super().__init__()
        m = m or o
        self.double_conv = nn.Sequential(
            nn.Conv2d(i, m, 3, padding=1, bias=False), nn.BatchNorm2d(m), nn.ReLU(inplace=True),
            nn.Conv2d(m, o, 3, padding=1, bias=False), nn.BatchNorm2d(o), nn.ReLU(inplace=True))

    def forward(self, x):
        return self.double_conv(x)


class Down(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.maxpool_conv = nn.Sequential(nn.MaxPool2d(2), DoubleConv(i, o))

    def forward(self, x):
        return self.maxpool_conv(x)


class Up(nn.Module):
    def __init__(self, i, o, bilinear):
        super().__init__()
        self.up = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True) if bilinear else nn.ConvTranspose2d(i, i // 2, 2, stride=2)
        self.conv = DoubleConv(i, o, i // 2) if bilinear else DoubleConv(i, o)

    def forward(self, x, skip):
        x = self.up(x)
        dy, dx = skip.size(2) - x.size(2), skip.size(3) - x.size(3)
        x = F.pad(x, [dx // 2, dx - dx // 2, dy // 2, dy - dy // 2])
        return self.conv(torch.cat([skip, x], dim=1))


class OutConv(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.conv = nn.Conv2d(i, o, 1)

    def forward(self, x):
        return self.conv(x)


class UNet(nn.Module):
    def __init__(self, channels, classes, bilinear):
        super().__init__()
        f = 2 if bilinear else 1
        self.inc = DoubleConv(channels, 2)
        self.down1 = Down(2, 4)
        self.down2 = Down(4, 8 // f)
        self.up1 = Up(8, 4 // f, bilinear)
        self.up2 = Up(4, 2, bilinear)
        self.outc = OutConv(2, classes)

    def forward(self, x):
        a = self.inc(x)
        b = self.down1(a)
        return self.outc(self.up2(self.up1(self.down2(b), b), a))


files = {}
for bilinear in (False, True):
    torch.manual_seed(1)
    model = UNet(2, 3, bilinear)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.3)
            nn.init.normal_(module.running_mean, std=0.3)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
    x, labels = torch.randn(2, 2, 11, 14), torch.randint(0, 3, (2, 11, 14))
    labels[0, :3] = 255
    tensors = {f"before.{k}": v.clone() for k, v in model.state_dict().items()}
    model.eval()
    tensors["logits"] = model(x).detach()
    # Gradients in double precision: the bar is how far f32 may be from the truth.
    model = model.double().train()
    logits = model(x.double())
    loss = F.cross_entropy(logits, labels, ignore_index=255)
    loss.backward()
    tensors |= {"x": x, "labels": labels.to(torch.uint8), "training_logits": logits.detach().float(), "loss": loss.detach().float()}
    tensors |= {f"grad.{k}": p.grad.float() for k, p in model.named_parameters()}
    tensors |= {f"after.{k}": v.float() if v.is_floating_point() else v for k, v in model.state_dict().items() if "running" in k or "tracked" in k}
    files["bilinear" if bilinear else "transposed"] = base64.b64encode(save({k: v.contiguous() for k, v in tensors.items()})).decode()
write("pytorch-unet", files)
