"""Matrix products: transposed, batched, batches that broadcast, vectors; gemm."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import torch

from configurations import Family

family = Family("matmul", seed=71)
draw = family.draw
SIZES = [1, 2, 3, 4, 5, 7, 8, 12, 17, 33]


def matrix(rows, columns, transposed):
    return [columns, rows] if transposed else [rows, columns]


def turned(x, transposed):
    return x.transpose(-1, -2) if transposed else x


def case(op, options, inputs, function, **rest):
    family.case(op, options, inputs, function, plain=True, **rest)


for i in range(40):
    m, k, n = (draw.choice(SIZES) for _ in range(3))
    ta, tb = draw.random() < 0.4, draw.random() < 0.4
    batch = [draw.randint(2, 3) for _ in range(draw.choice([0, 0, 1, 1, 2, 3]))]
    def own():
        kept = batch[draw.randint(0, len(batch)):]
        return [size if draw.random() < 0.7 else 1 for size in kept]
    a, b = own() + matrix(m, k, ta), own() + matrix(k, n, tb)
    case("matmul", {"transposeA": ta, "transposeB": tb}, {"a": family.normal(a, plain=True), "b": family.normal(b, plain=True)}, lambda a, b: turned(a, ta) @ turned(b, tb))
for a, b in (((5,), (5,)), ((5,), (5, 3)), ((5,), (2, 5, 4)), ((3, 5), (5,)), ((2, 3, 5), (5,)), ((2, 1, 3, 5), (5,)), ((1,), (1, 1))):
    case("matmul", {}, {"a": family.normal(a, plain=True), "b": family.normal(b, plain=True)}, lambda a, b: a @ b)
case("matmul", {}, {"a": family.normal((130, 70)), "b": family.normal((70, 60))}, lambda a, b: a @ b, name="large")
case("matmul", {"transposeB": True}, {"a": family.normal((2, 300, 16)), "b": family.normal((48, 16))}, lambda a, b: a @ b.T, name="a fully connected layer on a batch")
for i in range(14):
    m, k, n = (draw.choice(SIZES) for _ in range(3))
    ta, tb = draw.random() < 0.4, draw.random() < 0.4
    c = draw.choice([[m, n], [1, n], [n], [m, 1], [1], None])
    alpha, beta = draw.choice([None, 0.5, -2]), draw.choice([None, 0.25, 3])
    inputs = {"a": family.normal(matrix(m, k, ta)), "b": family.normal(matrix(k, n, tb))} | ({"c": family.normal(c)} if c else {})
    one = lambda v: 1 if v is None else v
    case("gemm", {"alpha": alpha, "beta": beta, "transposeA": ta, "transposeB": tb}, inputs, lambda a, b, c=0: one(alpha) * (turned(a, ta) @ turned(b, tb)) + one(beta) * c)
family.write()
