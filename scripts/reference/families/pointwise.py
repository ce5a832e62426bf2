"""Arithmetic element by element: broadcasting, ties, ends of ranges, NaN and infinities."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import torch

from configurations import Family

family = Family("pointwise", seed=21)
draw = family.draw
nan, inf = float("nan"), float("inf")

SHAPES = [((7,), (7,)), ((2, 3, 4, 5), (2, 3, 4, 5)), ((2, 5, 3, 4), (1, 5, 1, 1)), ((5,), (3, 5)), ((2, 1, 3), (4, 1)), ((1, 4, 1, 6), (2, 1, 5, 1)), ((), (2, 3)),
          ((2, 3, 4, 4), (1, 3, 4, 4)), ((4, 1, 1), (1, 3, 5)), ((2, 4, 1, 1), (2, 4, 3, 2)), ((1,), (3, 4, 2)), ((3, 8), (1, 8)), ((2, 2, 2, 3, 2, 2), (2, 1, 3, 1, 2))]


def pair(low=-1.0, high=1.0):
    """Two tensors whose shapes broadcast; rank-4 ones keep their order, since all axes count from the back here."""
    a, b = draw.choice(SHAPES)
    if draw.random() < 0.5:
        a, b = b, a
    return {"a": family.distinct(a, low, high, plain=True), "b": family.distinct(b, low * 0.97, high * 0.97, plain=True)}


def case(op, options, inputs, function, **rest):
    family.case(op, options, inputs, function, plain=True, **rest)


BINARY = {"add": torch.add, "sub": torch.sub, "mul": torch.mul, "maximum": torch.maximum, "minimum": torch.minimum}
for op, f in BINARY.items():
    for _ in range(5):
        case(op, {}, pair(), lambda a, b: f(a, b))
for _ in range(6):
    case("div", {}, pair(0.5, 2), lambda a, b: a / b)
for _ in range(6):
    case("pow", {}, pair(0.2, 3), lambda a, b: a**b)
for exponent in (-2, -1, -0.5, 0, 0.5, 1, 2, 3, 2.5, 7):
    case("pow", {"b": exponent}, {"a": family.distinct((3, 7), 0.3, 2)}, lambda a: a**exponent)
for exponent in (-3, 2, 3, 1, 0):
    case("pow", {"b": exponent}, {"a": family.distinct((3, 7), -2, -0.4)}, lambda a: a**exponent, name=f"negative base, exponent {exponent}")
for base in (0.5, 2, 10):
    case("pow", {"a": base}, {"b": family.distinct((3, 5), -2, 2)}, lambda b: base**b)
for name, f in {"greater": torch.gt, "less": torch.lt, "equal": torch.eq, "greaterEqual": torch.ge, "lessEqual": torch.le, "notEqual": torch.ne}.items():
    for _ in range(2):
        a, b = draw.choice(SHAPES)
        inputs = {"a": family.values(torch.randint(0, 3, a, generator=torch.Generator().manual_seed(draw.randrange(2**31))).double(), plain=True),
                  "b": family.values(torch.randint(0, 3, b, generator=torch.Generator().manual_seed(draw.randrange(2**31))).double(), plain=True)}
        case(name, {}, inputs, lambda a, b: f(a, b).double(), gradients=False)

# Ties share the gradient; the ends of clamp belong to the range.
ties = {"a": [[0.0, 1.0, -1.0, 2.0]], "b": [[0.0, 1.0, 3.0, -2.0]]}
for op in ("maximum", "minimum"):
    case(op, {}, {k: family.values(v) for k, v in ties.items()}, lambda a, b: BINARY[op](a, b), name="ties")
for low, high in ((-0.5, 0.5), (0, 6), (-1, 1), (0.25, 0.25)):
    case("clamp", {"low": low, "high": high}, {"x": family.values([-3, -1, -0.5, 0, 0.25, 0.5, 1, 6, 7.0])}, lambda x: x.clamp(low, high))
case("clamp", {"low": 2, "high": -2}, {"x": family.values([-3.0, 0, 3])}, lambda x: x.clamp(2, -2), name="ends that cross")
for _ in range(4):
    a, b = draw.choice(SHAPES)
    case("where", {}, {"c": family.whole(a, 2, plain=True, dtype="f32"), "a": family.normal(b, plain=True), "b": family.normal(a, plain=True)},
         lambda c, a, b: torch.where(c > 0, a, b), gradients=["a", "b"])
case("where", {"b": 2}, {"c": family.values([1.0, 0, -1, 0.5]), "a": family.values([1.0, 2, 3, 4])}, lambda c, a: torch.where(c != 0, a, 2), gradients=["a"])

# What comes in as NaN stays NaN; infinities follow IEEE 754.
odd = {"a": [nan, 1, nan, inf, -inf, inf, 0, -0.0, 2], "b": [1, nan, nan, 1, inf, inf, 0, 0, 5.0]}
for op, f in {**BINARY, "div": torch.div}.items():
    case(op, {}, {k: family.values(v) for k, v in odd.items()}, lambda a, b: f(a, b), gradients=False, name="NaN and infinities")
case("clamp", {"low": -1, "high": 1}, {"x": family.values([nan, inf, -inf, 0.5])}, lambda x: x.clamp(-1, 1), gradients=False, name="NaN and infinities")

# Whole numbers.
for op in ("add", "sub", "mul", "maximum", "minimum"):
    case(op, {}, {"a": family.values(torch.arange(-6, 6).reshape(3, 4), dtype="i32"), "b": family.values(torch.tensor([-100000, 3, 7, 30000]), dtype="i32")},
         lambda a, b: BINARY[op](a, b), name="i32")
case("add", {}, {"a": family.whole((3, 5), 2**20), "b": family.whole((5,), 2**20)}, lambda a, b: a + b, name="u32")
case("mul", {}, {"a": family.whole((3, 5), 2**15), "b": family.whole((3, 1), 2**15)}, lambda a, b: a * b, name="u32")

UNARY = {"neg": (torch.neg, -2, 2), "abs": (torch.abs, -2, 2), "sign": (torch.sign, -2, 2), "exp": (torch.exp, -5, 5), "log": (torch.log, 0.01, 9), "sqrt": (torch.sqrt, 0.01, 9),
         "rsqrt": (torch.rsqrt, 0.05, 9), "square": (torch.square, -3, 3), "reciprocal": (torch.reciprocal, 0.2, 5), "expm1": (torch.expm1, -3, 3), "log1p": (torch.log1p, -0.9, 4), "sin": (torch.sin, -9, 9), "cos": (torch.cos, -9, 9), "erf": (torch.erf, -4, 4)}
for op, (f, low, high) in UNARY.items():
    for shape in draw.sample([(1,), (13,), (3, 4), (2, 3, 5, 4), (1, 1, 1, 1), (2, 4, 3, 3)], 3):
        case(op, {}, {"x": family.distinct(shape, low, high, plain=True)}, lambda x: f(x))
for op in ("floor", "ceil", "round"):
    case(op, {}, {"x": family.values([-2.5, -1.5, -0.5, -0.2, 0, 0.5, 1.5, 2.5, 2.51, 1e9])}, lambda x: getattr(torch, op)(x), name="halves")
for op in ("abs", "sign", "square"):
    case(op, {}, {"x": family.values([0.0, -0.0, 1, -1])}, lambda x: UNARY[op][0](x), name="zeros")
for op, values in {"exp": [-200.0, 88, 89, inf, -inf, nan], "log": [0.0, -1, inf, nan, 1], "sqrt": [0.0, -1, inf, nan], "log1p": [-1.0, -2, -inf, inf, nan, 1e-8], "rsqrt": [0.0, -1, inf, nan], "abs": [nan, -inf], "neg": [inf, nan]}.items():
    case(op, {}, {"x": family.values(values)}, lambda x: UNARY[op][0](x), gradients=False, name="NaN and infinities")
family.write()
