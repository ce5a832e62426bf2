"""torchvision's own networks."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import torch

# The operators of torchvision's binary part, which networks do not use but its import declares.
torch.library.define("torchvision::nms", "(Tensor boxes, Tensor scores, float threshold) -> Tensor")
torch.library.define("torchvision::qnms", "(Tensor boxes, Tensor scores, float threshold) -> Tensor")
from torchvision.models import resnet, segmentation
from torchvision.models._utils import IntermediateLayerGetter
from torchvision.models.segmentation.fcn import FCN, FCNHead

from networks import Networks

family = Networks("torchvision", seed=11)
both = lambda y: [y["out"], y["aux"]]


def backbone(width=8, blocks=(1, 2, 2, 2)):
    """A narrow ResNet of bottlenecks, dilated as torchvision does it."""
    class Narrow(resnet.ResNet):
        def __init__(self):
            super().__init__(resnet.Bottleneck, list(blocks), replace_stride_with_dilation=[False, True, True])

    class Bottleneck(resnet.Bottleneck):
        pass

    original = resnet.ResNet._make_layer
    scale = lambda self, block, planes, *a, **k: original(self, block, planes * width // 64, *a, **k)
    resnet.ResNet._make_layer = scale
    try:
        net = Narrow()
    finally:
        resnet.ResNet._make_layer = original
    net.conv1 = torch.nn.Conv2d(3, 64, 7, 2, 3, bias=False)
    return IntermediateLayerGetter(net, {"layer4": "out", "layer3": "aux"})


full = lambda name: getattr(segmentation, name)(weights=None, weights_backbone=None, num_classes=21, aux_loss=True)
family.network("fcn_resnet50", full("fcn_resnet50"), (1, 3, 65, 49), outputs=both, full=True)
family.write()
