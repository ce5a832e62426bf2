"""torchvision's own networks: at full size, and narrow ones put together from its classes."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import torch

# The operators of torchvision's binary part, which networks do not use but its import declares.
torch.library.define("torchvision::nms", "(Tensor boxes, Tensor scores, float threshold) -> Tensor")
torch.library.define("torchvision::qnms", "(Tensor boxes, Tensor scores, float threshold) -> Tensor")
from torchvision.models import mobilenet_v3_large, resnet, segmentation
from torchvision.models._utils import IntermediateLayerGetter
from torchvision.models.segmentation.deeplabv3 import ASPP, DeepLabHead, DeepLabV3
from torchvision.models.segmentation.fcn import FCN, FCNHead
from torchvision.models.segmentation.lraspp import LRASPP

from networks import Networks

family = Networks("torchvision", seed=11)
both = lambda y: [y["out"], y["aux"]]
one = lambda y: [y["out"]]


def narrow_resnet(width=8, blocks=(1, 1, 2, 2)):
    """Bottlenecks at an eighth of the channels, dilated as torchvision does it."""
    net = resnet.ResNet(resnet.Bottleneck, [1, 1, 1, 1], replace_stride_with_dilation=[False, True, True])
    net.inplanes, net.dilation = width, 1
    net.conv1 = torch.nn.Conv2d(3, width, 7, 2, 3, bias=False)
    net.bn1 = torch.nn.BatchNorm2d(width)
    for i, (stride, dilate) in enumerate(((1, False), (2, False), (2, True), (2, True))):
        setattr(net, f"layer{i + 1}", net._make_layer(resnet.Bottleneck, width * 2**i, blocks[i], stride, dilate))
    return IntermediateLayerGetter(net, {"layer4": "out", "layer3": "aux"}), 16 * width, 32 * width


def narrow_mobilenet(width, names):
    """The map of stride 8 and the last one of a dilated MobileNetV3."""
    net = mobilenet_v3_large(weights=None, width_mult=width, dilated=True).features
    return IntermediateLayerGetter(net, {"4": names[0], "16": names[1]}), net[4].out_channels, net[16].out_channels


def narrow_head(c, classes, channels):
    head = DeepLabHead(c, classes)
    head[0] = ASPP(c, (12, 24, 36), channels)
    head[1], head[2] = torch.nn.Conv2d(channels, channels, 3, padding=1, bias=False), torch.nn.BatchNorm2d(channels)
    head[4] = torch.nn.Conv2d(channels, classes, 1)
    return head


def full(name, size, **options):
    net = getattr(segmentation, name)(weights=None, weights_backbone=None, num_classes=21, **options)
    family.network(name, net, (1, 3, *size), outputs=both if options else one, full=True)


for name in ("fcn_resnet50", "fcn_resnet101", "deeplabv3_resnet50", "deeplabv3_resnet101"):
    full(name, (65, 49), aux_loss=True)
full("deeplabv3_mobilenet_v3_large", (97, 65), aux_loss=True)
full("lraspp_mobilenet_v3_large", (97, 65))

net, middle, last = narrow_resnet()
family.network("narrow fcn_resnet", FCN(net, FCNHead(last, 3), FCNHead(middle, 3)), (2, 3, 41, 57), train=True, outputs=both, full=True)
net, middle, last = narrow_resnet()
family.network("narrow deeplabv3_resnet", DeepLabV3(net, narrow_head(last, 3, 12), FCNHead(middle, 3)), (4, 3, 57, 41), train=True, outputs=both, full=True)
net, middle, last = narrow_mobilenet(0.25, ("aux", "out"))
family.network("narrow deeplabv3_mobilenet_v3", DeepLabV3(net, narrow_head(last, 3, 12), FCNHead(middle, 3)), (4, 3, 65, 97), train=True, outputs=both, full=True)
net, middle, last = narrow_mobilenet(0.25, ("low", "high"))
family.network("narrow lraspp", LRASPP(net, middle, last, 1, 16), (1, 3, 67, 49), outputs=one)
net, middle, last = narrow_mobilenet(0.1, ("low", "high"))
family.network("narrow lraspp in training", LRASPP(net, middle, last, 3, 12), (3, 3, 65, 65), train=True, outputs=one, full=True)
family.write()
