"""Indexing: sort, argsort, topK, gather, scatterAdd, indexSelect, indexAdd, cumsum, argmax, argmin, stack."""
import pathlib
import sys

import numpy
import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from configurations import Family  # noqa: E402

family = Family("indexing", seed=31)
draw = family.draw
AS_IT_IS = {"plain": True}


def shape_and_axis(most=40):
    """A shape of one to four axes, and one of them, counted from either end; the axis may be long."""
    rank = draw.randint(1, 4)
    shape = [draw.randint(1, 6) for _ in range(rank)]
    axis = draw.randrange(rank)
    shape[axis] = draw.choice([1, 2, 5, draw.randint(3, most), draw.randint(most // 2, most)])
    return shape, axis, axis - rank if draw.random() < 0.5 else axis


def sized(shape, axis, size):
    return [size if i == axis else n for i, n in enumerate(shape)]


def pair(result):
    return {"values": result[0], "indices": result[1]}




# Sorting

for _ in range(14):
    shape, axis, given = shape_and_axis(most=draw.choice([12, 60, 300]))
    descending = draw.random() < 0.5
    x = family.distinct(shape, low=-3, high=2, **AS_IT_IS)
    family.case("sort", {"axis": given, "descending": descending or None}, {"x": x},
                lambda x: pair(torch.sort(x, dim=given, descending=descending, stable=True)), plain=True)

for descending in (False, True):
    name = ", descending" if descending else ""
    order = lambda x: pair(torch.sort(x, descending=descending, stable=True))
    options = {"descending": descending}
    special = [0.0, float("nan"), -0.0, float("inf"), 2.5, -float("inf"), float("nan"), 0.0, -7.0, 2.5, 1e-40, -1e-40, 3e38]
    family.case("sort", options, {"x": family.values([special, special[::-1]])}, order, name="NaN, infinities, ties, zeros of both signs" + name, gradients=False)
    family.case("sort", options, {"x": family.whole((3, 400), 7)}, order, name="ties of u32" + name)
    family.case("sort", options, {"x": family.values((torch.arange(300) * 7919 % 41 - 20).reshape(2, 150), dtype="i32")}, order, name="ties of i32" + name)
    family.case("argsort", {"axis": 0, **options}, {"x": family.whole((90, 3), 9)},
                lambda x: torch.argsort(x, dim=0, descending=descending, stable=True), name="ties" + name)
family.case("sort", {}, {"x": family.distinct((5000,))}, lambda x: pair(torch.sort(x, stable=True)), name="a long line")
family.case("sort", {"axis": 1, "descending": True}, {"x": family.distinct((2, 1500, 3))}, lambda x: pair(torch.sort(x, dim=1, descending=True, stable=True)), name="long columns")

for _ in range(9):
    shape, axis, given = shape_and_axis(most=80)
    k = draw.randint(1, shape[axis])
    largest = draw.random() < 0.6
    family.case("topK", {"k": k, "axis": given, "largest": largest}, {"x": family.distinct(shape, **AS_IT_IS)},
                lambda x: pair(torch.topk(x, k, dim=given, largest=largest)), plain=True)
family.case("topK", {"k": 3}, {"x": family.values([[1.0, float("nan"), 5.0, -2.0, 7.0]])}, lambda x: pair(torch.topk(x, 3)), name="NaN is the largest", gradients=False)

# By index

for _ in range(10):
    shape, axis, given = shape_and_axis()
    count = draw.choice([1, 3, draw.randint(1, 90)])
    indices = family.whole(sized(shape, axis, count), shape[axis], dtype=draw.choice(["u32", "i32"]), **AS_IT_IS)
    family.case("gather", {"axis": given}, {"x": family.normal(shape, **AS_IT_IS), "indices": indices},
                lambda x, indices: torch.gather(x, given, indices), plain=True)
family.case("gather", {"axis": -1}, {"x": family.normal((2, 9, 7, 21), **AS_IT_IS), "indices": family.whole((2, 9, 7, 1), 21, **AS_IT_IS)},
            lambda x, indices: torch.gather(x, 3, indices), name="one class per pixel", plain=True)

for _ in range(10):
    shape, axis, given = shape_and_axis()
    count = draw.choice([1, 3, draw.randint(1, 200)])
    added = sized(shape, axis, count)
    inputs = {"x": family.normal(shape, **AS_IT_IS), "indices": family.whole(added, shape[axis], dtype=draw.choice(["u32", "i32"]), **AS_IT_IS), "source": family.normal(added, **AS_IT_IS)}
    family.case("scatterAdd", {"axis": given}, inputs, lambda x, indices, source: torch.scatter_add(x, given, indices, source), plain=True)
family.case("scatterAdd", {}, {"x": family.normal((3,)), "indices": family.whole((6000,), 2), "source": family.normal((6000,), mean=1)},
            lambda x, indices, source: torch.scatter_add(x, 0, indices, source), name="nearly all to two")
family.case("scatterAdd", {"axis": 0}, {"x": family.whole((5, 2), 50), "indices": family.whole((70, 2), 5), "source": family.whole((70, 2), 1000)},
            lambda x, indices, source: torch.scatter_add(x, 0, indices, source), name="u32")

for _ in range(8):
    shape, axis, given = shape_and_axis()
    indices = family.whole((draw.choice([1, 4, draw.randint(1, 150)]),), shape[axis])
    family.case("indexSelect", {"axis": given}, {"x": family.normal(shape, **AS_IT_IS), "indices": indices},
                lambda x, indices: torch.index_select(x, given, indices), plain=True)
family.case("indexSelect", {}, {"x": family.normal((11, 8)), "indices": family.whole((3, 5), 11)},
            lambda x, indices: torch.nn.functional.embedding(indices, x), name="embedding")

for _ in range(8):
    shape, axis, given = shape_and_axis()
    count = draw.choice([1, 4, draw.randint(1, 300)])
    inputs = {"x": family.normal(shape, **AS_IT_IS), "indices": family.whole((count,), shape[axis]), "source": family.normal(sized(shape, axis, count), **AS_IT_IS)}
    family.case("indexAdd", {"axis": given}, inputs, lambda x, indices, source: torch.index_add(x, given, indices, source), plain=True)
family.case("indexAdd", {}, {"x": family.normal((257, 21)), "indices": family.whole((4000,), 257), "source": family.normal((4000, 21))},
            lambda x, indices, source: torch.index_add(x, 0, indices, source), name="many rows")

# Running sums

for _ in range(10):
    shape, axis, given = shape_and_axis(most=draw.choice([20, 700]))
    exclusive, reverse = draw.random() < 0.4, draw.random() < 0.4

    def running(x):
        turned = x.flip(axis) if reverse else x
        total = torch.cumsum(turned, axis)
        total = total - turned if exclusive else total
        return total.flip(axis) if reverse else total
    family.case("cumsum", {"axis": given, "exclusive": exclusive or None, "reverse": reverse or None}, {"x": family.normal(shape, mean=draw.choice([0, 2]), **AS_IT_IS)}, running, plain=True)
family.case("cumsum", {}, {"x": family.uniform((2, 20000))}, lambda x: torch.cumsum(x, 1), name="long lines")
family.case("cumsum", {"axis": 0}, {"x": family.whole((300, 2), 9)}, lambda x: torch.cumsum(x, 0), name="u32")

# Extremes

for op, function in (("argmax", torch.argmax), ("argmin", torch.argmin)):
    for _ in range(6):
        shape, axis, given = shape_and_axis(most=draw.choice([20, 3000]))
        keep = draw.random() < 0.5
        family.case(op, {"axis": given, "keepDims": keep or None}, {"x": family.distinct(shape, **AS_IT_IS)},
                    lambda x: function(x, dim=given, keepdim=keep), plain=True)
    family.case(op, {}, {"x": family.values([[1.0, float("nan"), 9.0, float("nan")], [float("inf"), -float("inf"), float("inf"), -float("inf")]])},
                lambda x: function(x, dim=-1), name="NaN and infinities", gradients=False)
    # torch does not say which of several it names: NumPy names the first.
    family.case(op, {"axis": 1}, {"x": family.whole((5, 300), 6)},
                lambda x: torch.from_numpy(getattr(numpy, op)(x.numpy(), axis=1)), name="the first of equal ones")

# Stacks

for _ in range(7):
    shape, axis, given = shape_and_axis(most=9)
    at = draw.randint(-len(shape) - 1, len(shape))
    xs = {f"x{i}": family.normal(shape, **AS_IT_IS) for i in range(draw.randint(1, 4))}
    family.case("stack", {"axis": at}, xs, lambda **xs: torch.stack(list(xs.values()), dim=at), plain=True)

family.write()
