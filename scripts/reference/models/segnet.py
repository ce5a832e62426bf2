"""SegNet, SegNet-Basic and its bilinear baseline (Badrinarayanan et al. 2017); names are ours: stages of encoder and decoder."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import torch
from torch import nn
from torch.nn import functional as F

from networks import Networks

family = Networks("segnet", seed=23)


def stage(channels, kernel, relu=True):
    layers = []
    for before, after in zip(channels, channels[1:]):
        layers += [nn.Conv2d(before, after, kernel, padding=kernel // 2), nn.BatchNorm2d(after)] + ([nn.ReLU()] if relu else [])
    return nn.Sequential(*layers)


class SegNet(nn.Module):
    """What all have in common: max pooling that rounds up, and back to just the sizes before it."""

    def __init__(self, encoder, decoder, classifier, normalise=False):
        super().__init__()
        self.encoder = nn.ModuleList(encoder)
        if decoder is not None:
            self.decoder = nn.ModuleList(decoder)
        self.classifier, self.normalise, self.bilinear = classifier, normalise, decoder is None

    def forward(self, x):
        h = F.local_response_norm(x, 5, 1e-4, 0.75, 1) if self.normalise else x
        pooled = []
        for convs in self.encoder:
            h = convs(h)
            size = h.shape[2:]
            h, indices = F.max_pool2d(h, 2, 2, ceil_mode=True, return_indices=True)
            pooled.append((indices, size))
        for i, (indices, size) in enumerate(reversed(pooled)):
            h = F.interpolate(h, size, mode="bilinear", align_corners=False) if self.bilinear else self.decoder[i](F.max_unpool2d(h, indices, 2, 2, output_size=size))
        return self.classifier(h)


def basic(w, classes, bilinear=False):
    encoder = [stage([c, w], 7) for c in (3, w, w, w)]
    return SegNet(encoder, None if bilinear else [stage([w, w], 7, relu=False) for _ in range(4)], nn.Conv2d(w, classes, 1), normalise=True)


def vgg(widths, classes):
    a, b, c, d, e = widths
    encoder = [stage(s, 3) for s in ([3, a, a], [a, b, b], [b, c, c, c], [c, d, d, d], [d, e, e, e])]
    decoder = [stage(s, 3) for s in ([e, e, e, d], [d, d, d, c], [c, c, c, b], [b, b, a], [a, a])]
    return SegNet(encoder, decoder, nn.Conv2d(a, classes, 3, padding=1))


family.network("SegNet-Basic", basic(6, 3), (2, 3, 45, 38), train=True)
family.network("SegNet", vgg([4, 6, 8, 8, 8], 3), (2, 3, 83, 97), train=True, full=True)
family.network("SegNet, one row", vgg([4, 6, 8, 8, 8], 3), (1, 3, 1, 37), full=True)
family.network("bilinear", basic(6, 3, bilinear=True), (2, 3, 45, 38), train=True, full=True)
family.write()
