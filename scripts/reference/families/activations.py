"""The activations of the field: over their bends, at their kinks, far out, and for NaN and infinities."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import torch
import torch.nn.functional as F

from configurations import Family

family = Family("activations", seed=51)
draw = family.draw
nan, inf = float("nan"), float("inf")

OPS = {
    "relu": (F.relu, [{}]),
    "relu6": (F.relu6, [{}]),
    "leakyRelu": (lambda x, negativeSlope=0.01: F.leaky_relu(x, negativeSlope), [{}, {"negativeSlope": 0.2}, {"negativeSlope": -0.5}, {"negativeSlope": 0}]),
    "elu": (lambda x, alpha=1.0: F.elu(x, alpha), [{}, {"alpha": 0.3}, {"alpha": 2}]),
    "selu": (F.selu, [{}]),
    "gelu": (lambda x, approximate="none": F.gelu(x, approximate=approximate), [{}, {"approximate": "none"}, {"approximate": "tanh"}]),
    "silu": (F.silu, [{}]),
    "mish": (F.mish, [{}]),
    "hardSigmoid": (F.hardsigmoid, [{}]),
    "hardSwish": (F.hardswish, [{}]),
    "softplus": (lambda x, beta=1, threshold=20: F.softplus(x, beta, threshold), [{}, {"beta": 3}, {"beta": 0.5, "threshold": 1}, {"threshold": 2}, {"beta": -1.5}]),
    "softsign": (F.softsign, [{}]),
    "sigmoid": (torch.sigmoid, [{}]),
    "logSigmoid": (F.logsigmoid, [{}]),
    "tanh": (torch.tanh, [{}]),
}
SHAPES = [(1,), (13,), (3, 4), (2, 3, 5, 4), (1, 8, 3, 3), (2, 5, 1, 7), (2, 2, 2, 2, 3)]
# The kink of ELU at 0 and a slope that is not 1 there has one answer in torch; so have those of the others.
kinks = [-6.0, -3, -1e-3, -0.0, 0, 1e-3, 3, 6]
for op, (f, options) in OPS.items():
    for o in options:
        for low, high in ((-4, 4), (-30, 30)):
            family.case(op, o, {"x": family.distinct(draw.choice(SHAPES), low, high)}, lambda x: f(x, **o))
        family.case(op, o, {"x": family.values(kinks)}, lambda x: f(x, **o), name=f"kinks {o}")
    family.case(op, {}, {"x": family.values([-1e4, -101.0, -100, -89, -88, -20, 20, 88, 89, 100, 101, 1e4])}, lambda x: f(x), name="far out")
    family.case(op, {}, {"x": family.values([nan, inf, -inf])}, lambda x: f(x), name="NaN and infinities", gradients=False)
for shape, weights in (((2, 4, 3, 5), 4), ((2, 3, 5, 5), 3), ((2, 3, 5, 5), 1), ((5, 7), 7), ((9, 2), 1), ((1, 8, 17, 13), 8)):
    # torch's channels are the second axis, also of a matrix.
    family.case("prelu", {}, {"x": family.distinct(shape, -3, 3), "weight": family.normal((weights,))}, lambda x, weight: F.prelu(x, weight))
family.case("prelu", {}, {"x": family.values([[0.0, -0.0, 1], [0, -2, 0]]), "weight": family.values([0.5, -1.0, 2.0])}, lambda x, weight: F.prelu(x, weight), name="zeros")
family.write()
