"""Encoders alone: the last map as logits, and in training every map."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import torch

import encoders
from encoders import resnet
from networks import Networks

family = Networks("encoders", seed=29)


class Maps(torch.nn.Module):
    """The maps of the stages, the last one first."""

    def __init__(self, encoder):
        super().__init__()
        self.encoder = encoder

    def forward(self, x):
        found = encoders.features(self.encoder, x)
        first = 1 if found[0] is x else 0
        return [found[-1], *found[first:-1]]


def add(name, encoder, size=(65, 97), batch=3, **options):
    family.network(name, Maps(encoder), (batch, 3, *size), outputs=lambda y: y, **options)


add("mobilenet_v2", encoders.narrow_mobilenet_v2(0.25, (1, 2, 1, 1, 1, 1, 1), 24), train=True, full=True)
add("mobilenet_v2 without its last convolution", encoders.narrow_mobilenet_v2(0.25, (1, 1, 2, 1, 1, 1, 1), None), (67, 64), 1, full=True)
add("efficientnet-b0", encoders.EfficientNet(224, 0.25, (1, 2, 1, 2, 1, 1, 1)), (65, 97), 1, full=True)
add("efficientnet-b3", encoders.EfficientNet(300, 0.3, (1, 1, 2, 1, 1, 1, 1)), (66, 61), train=True, full=True)
add("vgg11", encoders.narrow_vgg((1, 1, 2, 2, 2), 4), batch=1, train=True, full=True)
add("vgg13_bn", encoders.narrow_vgg((2, 2, 2, 2, 2), 4, batch_norm=True), (79, 64), 1)
add("densenet121", encoders.narrow_densenet(4, (2, 2, 1, 2)), train=True, full=True)
add("resnet18", encoders.narrow_resnet(resnet.BasicBlock, (2, 2, 2, 2), 8), batch=1, full=True)
add("resnext50", encoders.narrow_resnet(resnet.Bottleneck, (1, 2, 1, 2), 8, groups=4, width_per_group=16), (66, 70), 1, full=True)
net = encoders.narrow_mobilenet_v2(0.25, (1, 1, 1, 1, 1, 2, 1), 24)
add("mobilenet_v2 at stride 8", encoders.without_strides(net, [(net.features[4:6], 2), (net.features[6:], 4)]), batch=1, full=True)
net = encoders.EfficientNet(224, 0.25, (1, 1, 1, 1, 1, 2, 1))
add("efficientnet-b0 at stride 16", encoders.without_strides(net, [(net._blocks[5:], 2)]), batch=1, full=True)
family.write()
