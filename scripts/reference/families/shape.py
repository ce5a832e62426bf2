"""What moves elements without computing: concat, split, slice, transpose, broadcast, reshape, crop, flip; one-hot and argmax."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import torch
import torch.nn.functional as F

from configurations import Family

family = Family("shape", seed=31)
draw = family.draw


def shape_of_rank(rank, low=1, high=6):
    return [draw.randint(low, high) for _ in range(rank)]


def case(op, options, inputs, function, **rest):
    """Axes are counted as they stand, so rank-4 tensors keep their order."""
    family.case(op, options, inputs, function, plain=True, **rest)


for i in range(24):
    rank = draw.randint(1, 4)
    shape, axis, parts = shape_of_rank(rank), draw.randrange(-rank, rank), draw.randint(1, 5)
    sizes = [draw.choice([1, 2, 3, 4, 8, 16]) for _ in range(parts)]
    part = lambda n: [n if k == axis % rank else v for k, v in enumerate(shape)]
    case("concat", {"axis": axis}, {f"x{k}": family.normal(part(n), plain=True) for k, n in enumerate(sizes)}, lambda **xs: torch.cat(list(xs.values()), axis))
for dtype in ("u32", "i32"):
    case("concat", {"axis": 0}, {f"x{k}": family.whole((n, 3), 1000, dtype=dtype) for k, n in enumerate([1, 4, 2])}, lambda **xs: torch.cat(list(xs.values())), name=dtype)

for i in range(12):
    rank = draw.randint(1, 4)
    axis = draw.randrange(-rank, rank)
    sizes = [draw.choice([1, 2, 3, 4, 7]) for _ in range(draw.randint(1, 4))]
    shape = [sum(sizes) if k == axis % rank else draw.randint(1, 5) for k in range(rank)]
    case("split", {"sizes": sizes, "axis": axis}, {"x": family.normal(shape, plain=True)}, lambda x: {f"part{k}": p for k, p in enumerate(torch.split(x, sizes, axis))})

for i in range(16):
    rank = draw.randint(1, 4)
    shape, axis = shape_of_rank(rank, 1, 9), draw.randrange(-rank, rank)
    start = draw.randrange(shape[axis])
    length = draw.randint(1, shape[axis] - start)
    case("slice", {"axis": axis, "start": start, "length": length}, {"x": family.normal(shape, plain=True)}, lambda x: x.narrow(axis, start, length))
case("slice", {"axis": 1, "start": 2, "length": 3}, {"x": family.whole((4, 7), 99)}, lambda x: x.narrow(1, 2, 3), name="u32")

for i in range(16):
    rank = draw.randint(1, 6)
    shape = shape_of_rank(rank, 1, 5)
    permutation = draw.sample(range(rank), rank)
    case("transpose", {"permutation": permutation}, {"x": family.normal(shape, plain=True)}, lambda x: x.permute(permutation))
for permutation in ([0, 3, 1, 2], [0, 2, 3, 1], [0, 2, 1, 3], [3, 2, 1, 0]):
    case("transpose", {"permutation": permutation}, {"x": family.normal((2, 9, 8, 12), plain=True)}, lambda x: x.permute(permutation))
case("transpose", {}, {"x": family.normal((7, 5))}, lambda x: x.T)
case("transpose", {"permutation": [1, 0]}, {"x": family.whole((33, 70), 5000, dtype="i32")}, lambda x: x.T, name="i32")

for i in range(12):
    rank = draw.randint(1, 5)
    target = shape_of_rank(rank, 1, 5)
    kept = draw.randint(0, rank)
    source = [n if draw.random() < 0.5 else 1 for n in target[rank - kept:]]
    case("broadcastTo", {"shape": target}, {"x": family.normal(source, plain=True)}, lambda x: x.expand(target))
for source, target in (((2, 3, 4), (6, 4)), ((2, 3, 4), (-1,)), ((1, 8, 1), (2, -1, 2)), ((6,), (1, 2, 3, 1)), ((), (1,))):
    case("reshape", {"shape": list(target)}, {"x": family.normal(source, plain=True)}, lambda x: x.reshape(target))

for i in range(10):
    n, h, w, c = draw.randint(1, 2), draw.randint(1, 9), draw.randint(1, 9), draw.choice([1, 2, 3, 4, 8])
    top, left = draw.randrange(h), draw.randrange(w)
    height, width = draw.randint(1, h - top), draw.randint(1, w - left)
    family.case("crop2d", {"top": top, "left": left, "height": height, "width": width}, {"x": family.normal((n, c, h, w))},
                lambda x: x[:, :, top:top + height, left:left + width])

for shape, classes in (((5,), 1), ((2, 3), 4), ((1, 4, 5), 21), ((7,), 255)):
    for dtype in ("u32", "i32", "u8"):
        case("oneHot", {"classes": classes}, {"labels": family.whole(shape, classes, dtype=dtype)}, lambda labels: F.one_hot(labels, classes).double(), name=f"{dtype} {shape} {classes}")
# Ignored labels give rows of zeros (PyTorch has no row for them: it refuses).
family.case("oneHot", {"classes": 4}, {"labels": family.whole((3, 5), 4, ignore=255)}, lambda labels: F.one_hot(labels.clamp(max=4), 5)[..., :4].double(), name="ignored labels")

for shape in ((1, 1), (9, 2), (5, 3), (3, 21), (4, 64), (2, 257), (2, 3, 4, 5), (1, 7, 9, 19)):
    case("argmax", {}, {"x": family.distinct(shape, plain=True)}, lambda x: x.argmax(-1))
nan, inf = float("nan"), float("inf")
for values in ([[1.0, 1, 1]], [[0.0, -0.0]], [[-0.0, 0.0]], [[nan, 1, nan]], [[1, nan, inf]], [[-inf, -inf]], [[-inf, -1e38]], [[2.0, 3, 3, 1, 3]]):
    case("argmax", {}, {"x": family.values(values)}, lambda x: x.argmax(-1), name=str(values[0]))

for i in range(14):
    rank = draw.randint(1, 6)
    shape = shape_of_rank(rank, 1, 5)
    axes = draw.sample(range(rank), draw.randint(0, rank))
    given = [axis - rank if draw.random() < 0.4 else axis for axis in axes]
    case("flip", {"axes": given}, {"x": family.normal(shape, plain=True)}, lambda x: x.flip(given))
for axes in ([1], [2], [3], [1, 2], [0, 3], [-1, -2, -3]):
    case("flip", {"axes": axes}, {"x": family.normal((2, 9, 14, 8), plain=True)}, lambda x: x.flip(axes))
for dtype in ("u32", "i32"):
    case("flip", {"axes": [0, 1]}, {"x": family.whole((33, 70), 5000, dtype=dtype)}, lambda x: x.flip(0, 1), name=dtype)
family.write()
