"""Softmax and its logarithm over the last axis, as segmentation takes them over classes."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import torch.nn.functional as F

from configurations import Family

family = Family("softmax", seed=11)
for classes in (1, 2, 3, 4, 5, 21, 64, 65, 257):
    for std in (1, 30):
        shape = family.draw.choice([(3, classes), (2, classes, 3, 5), (1, classes, 1, 1)])
        family.case("softmax", {}, {"x": family.normal(shape, std=std)}, lambda x: F.softmax(x, 1))
        family.case("logSoftmax", {}, {"x": family.normal(shape, std=std)}, lambda x: F.log_softmax(x, 1))
# Logits as far apart as an overconfident network makes them, and equal ones.
for logits in ([[1000.0, -1000.0, 999.0]], [[-1e30, 0.0, 1e30]], [[5.0, 5.0, 5.0]], [[-200.0, -200.5, -201.0]], [[88.0, 89.0, 90.0]]):
    family.case("softmax", {}, {"x": family.values(logits)}, lambda x: F.softmax(x, 1), name=f"logits {logits[0]}")
    family.case("logSoftmax", {}, {"x": family.values(logits)}, lambda x: F.log_softmax(x, 1), name=f"logits {logits[0]}")
family.write()
