"""Losses, values and gradients in float64, on random, empty, all-ignored, single-class and extreme inputs.

What torch has is called. The rest is their authors' formulas said again, with the source named:
    torchvision  pytorch/vision 0.28, torchvision/ops/focal_loss.py
    smp      qubvel-org/segmentation_models.pytorch 0.5, losses/{dice,jaccard,tversky,focal,mcc,_functional}.py
    MONAI    Project-MONAI/MONAI 1.5, losses/{dice,tversky,hausdorff_loss,utils}.py
    milesial milesial/Pytorch-UNet, utils/dice_score.py
    Berman   bermanmaxim/LovaszSoftmax, pytorch/lovasz_losses.py
    Kervadec LIVIAETS/boundary-loss, losses.py, utils.py (one_hot2dist)
    HRNet    HRNet/HRNet-Semantic-Segmentation, lib/core/criterion.py (OhemCrossEntropy)
    DeepLab  tensorflow/models, research/deeplab/utils/train_utils.py (hard example mining)
"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import numpy
import torch
import torch.nn.functional as F
from scipy.ndimage import distance_transform_edt

from configurations import Family
from loss_formulas import fields, lovasz_flat, monai_region, one_hot, plain_region, probabilities, sigmoid_focal_loss, smp_focal, smp_region, tversky

family = Family("losses", seed=41)
draw = family.draw
IGNORE = 255
T = lambda values: torch.tensor(values, dtype=torch.float64)


# Inputs: NCHW logits and labels [n, h, w]

def shapes():
    return draw.choice([(2, 3, 5, 4), (1, 4, 7, 6), (3, 2, 3, 5), (2, 5, 6, 3)])


def labels_of(kind: str, n: int, c: int, h: int, w: int, dtype="u8"):
    if kind == "ignored":
        return family.whole((n, h, w), c, ignore=IGNORE, fraction=0.3, dtype=dtype)
    if kind == "all ignored":
        return family.values(torch.full((n, h, w), IGNORE), dtype=dtype)
    if kind == "one class":
        return family.values(torch.full((n, h, w), c - 1), dtype=dtype)
    if kind == "absent class":
        return family.whole((n, h, w), max(1, c - 1), dtype=dtype)
    return family.whole((n, h, w), c, dtype=dtype)


def logits_of(kind: str, shape):
    return family.normal(shape, std=1e4 if kind == "extreme" else 2)


KINDS = ["random", "random", "ignored", "ignored", "all ignored", "one class", "absent class", "extreme"]


# Cross-entropy: torch

def cross_entropy(logits, labels, reduction="mean", empty_is_zero=False, **rest):
    out = F.cross_entropy(logits, labels, ignore_index=IGNORE, reduction=reduction, **rest)
    return torch.zeros_like(out) + 0 * logits.sum() if empty_is_zero and bool((labels == IGNORE).all()) else out


for i in range(26):
    n, c, h, w = shapes()
    kind = KINDS[i % len(KINDS)]
    weight = [round(draw.uniform(0.2, 3), 2) for _ in range(c)] if draw.random() < 0.5 else None
    smoothing = draw.choice([0, 0, 0.1, 0.3])
    reduction = "sum" if kind == "all ignored" and i % 3 == 0 else draw.choice(["mean", "mean", "sum", "none"])
    empty = kind == "all ignored" and reduction == "mean"
    family.case("crossEntropy", {"ignoreIndex": IGNORE, "weight": weight, "labelSmoothing": smoothing, "reduction": reduction, "emptyIsZero": empty or None},
                {"logits": logits_of(kind, (n, c, h, w)), "labels": labels_of(kind, n, c, h, w)},
                lambda logits, labels: cross_entropy(logits, labels, reduction, empty, weight=weight and T(weight), label_smoothing=smoothing), name=f"{kind} {i}")
family.case("crossEntropy", {"ignoreIndex": IGNORE}, {"logits": family.normal((1, 3, 2, 2)), "labels": labels_of("all ignored", 1, 3, 2, 2)},
            lambda logits, labels: F.cross_entropy(logits, labels, ignore_index=IGNORE), gradients=False, name="all ignored: NaN")

# Pixel weights: an ignored pixel is one of weight 0, and means divide by the weights (torch has no such option).
for i in range(6):
    n, c, h, w = shapes()
    weight = [round(draw.uniform(0.2, 3), 2) for _ in range(c)] if i % 2 else None
    smoothing, reduction = draw.choice([0, 0.2]), ["mean", "sum", "none"][i % 3]
    def weighted(logits, labels, pixelWeight):
        w_ = weight and T(weight)
        losses = F.cross_entropy(logits, labels, weight=w_, ignore_index=IGNORE, reduction="none", label_smoothing=smoothing) * pixelWeight
        mask = labels != IGNORE
        counts = pixelWeight * mask * (w_[torch.where(mask, labels, 0)] if weight else 1)
        return losses if reduction == "none" else losses.sum() / (counts.sum() if reduction == "mean" else 1)
    family.case("crossEntropy", {"ignoreIndex": IGNORE, "weight": weight, "labelSmoothing": smoothing, "reduction": reduction},
                {"logits": family.normal((n, c, h, w)), "labels": labels_of("ignored", n, c, h, w), "pixelWeight": family.uniform((n, h, w), 0, 4)},
                weighted, gradients=["logits"], name=f"pixel weights {i}")

# Probability targets.
for i in range(8):
    n, c, h, w = shapes()
    weight = [round(draw.uniform(0.2, 3), 2) for _ in range(c)] if i % 2 else None
    smoothing, reduction = draw.choice([0, 0.2]), ["mean", "sum", "none"][i % 3]
    family.case("crossEntropy", {"weight": weight, "labelSmoothing": smoothing, "reduction": reduction},
                {"logits": logits_of("extreme" if i == 7 else "random", (n, c, h, w)), "labels": family.uniform((n, c, h, w))},
                lambda logits, labels: F.cross_entropy(logits, labels, weight=weight and T(weight), label_smoothing=smoothing, reduction=reduction), name=f"probabilities {i}")

# Fused with upsampling: interpolate, then cross-entropy.
for i in range(14):
    n, c, h, w = draw.choice([(1, 3, 3, 4), (2, 2, 5, 3), (1, 21, 4, 4), (2, 4, 1, 2)])
    size = draw.choice([(9, 13), (8, 8), (3, 4), (17, 5), (1, 1), (16, 16)])
    align, kind = draw.choice([True, False]), KINDS[i % len(KINDS)]
    weight = [round(draw.uniform(0.2, 3), 2) for _ in range(c)] if i % 2 else None
    smoothing, reduction = draw.choice([0, 0.2]), "sum" if kind == "all ignored" else draw.choice(["mean", "sum", "none"])
    family.case("upsampledCrossEntropy", {"ignoreIndex": IGNORE, "alignCorners": align, "weight": weight, "labelSmoothing": smoothing, "reduction": reduction},
                {"logits": family.normal((n, c, h, w), std=300 if kind == "extreme" else 2), "labels": labels_of(kind, n, c, *size)},
                lambda logits, labels: F.cross_entropy(F.interpolate(logits, size=size, mode="bilinear", align_corners=align), labels, weight=weight and T(weight),
                                                       ignore_index=IGNORE, label_smoothing=smoothing, reduction=reduction), name=f"{kind} {i} to {size}")
family.case("upsampledCrossEntropy", {"ignoreIndex": IGNORE}, {"logits": family.normal((1, 21, 32, 32), std=3), "labels": family.whole((1, 256, 256), 21, ignore=IGNORE, dtype="u8")},
            lambda logits, labels: F.cross_entropy(F.interpolate(logits, size=(256, 256), mode="bilinear"), labels, ignore_index=IGNORE), name="21 classes from 32 to 256")

# The hardest pixels.
for i, fraction in enumerate((0.25, 0.5, 1)):
    n, c, h, w = shapes()
    def hardest(logits, labels):
        losses = F.cross_entropy(logits, labels, ignore_index=IGNORE, reduction="none").flatten()
        top = losses.topk(max(1, int(fraction * losses.numel()))).values   # DeepLab
        return top.sum() / (top != 0).sum().clamp_min(1)
    family.case("hardPixelCrossEntropy", {"ignoreIndex": IGNORE, "fraction": fraction}, {"logits": family.normal((n, c, h, w), std=2), "labels": labels_of("ignored", n, c, h, w)}, hardest)
for i, (threshold, kept) in enumerate([(0.7, 3), (0.7, 100000), (0.2, 10), (0.05, 1), (0.7, 0)]):
    n, c, h, w = shapes()
    kind = "all ignored" if i == 4 else "ignored"
    def ohem(logits, labels):
        losses, valid = F.cross_entropy(logits, labels, ignore_index=IGNORE, reduction="none").flatten(), labels.flatten() != IGNORE
        if not valid.any():
            return 0 * logits.sum()
        p = torch.softmax(logits, 1).gather(1, torch.where(labels == IGNORE, 0, labels)[:, None]).flatten()[valid]
        p, order = p.sort()                                                  # HRNet
        limit = max(float(p[min(kept, p.numel() - 1)].detach()), threshold)
        chosen = losses[valid][order][p < limit]
        return chosen.mean() if chosen.numel() else 0 * logits.sum()
    family.case("ohemCrossEntropy", {"ignoreIndex": IGNORE, "threshold": threshold, "minKept": kept}, {"logits": family.normal((n, c, h, w), std=2), "labels": labels_of(kind, n, c, h, w)}, ohem)


# Binary cross-entropy: torch; smoothing as smp SoftBCEWithLogitsLoss

for i in range(12):
    n, _, h, w = shapes()
    kind = KINDS[i % len(KINDS)]
    v, smoothing, reduction = draw.choice([None, 3, 0.5]), draw.choice([0, 0, 0.1]), draw.choice(["mean", "sum", "none"])
    def bce(logits, labels):
        mask = (labels != IGNORE)
        y = torch.where(mask, labels, 0).double() * (1 - 2 * smoothing) + smoothing
        losses = F.binary_cross_entropy_with_logits(logits[:, 0], y, pos_weight=None if v is None else T(float(v)), reduction="none") * mask
        return losses if reduction == "none" else losses.sum() / (mask.sum().clamp_min(1) if reduction == "mean" else 1)
    family.case("binaryCrossEntropy", {"ignoreIndex": IGNORE, "positiveWeight": v, "labelSmoothing": smoothing, "reduction": reduction},
                {"logits": logits_of(kind, (n, 1, h, w)), "labels": labels_of(kind, n, 2, h, w)}, bce, name=f"{kind} {i}")
for i in range(6):
    n, c, h, w = shapes()
    v, reduction = [1.5] * c if i % 2 else None, ["mean", "sum", "none"][i % 3]
    weight = [round(draw.uniform(0.2, 3), 2) for _ in range(c)] if i > 2 else None
    column = lambda values: values and T(values)[:, None, None]
    family.case("binaryCrossEntropy", {"positiveWeight": v, "weight": weight, "reduction": reduction},
                {"logits": family.normal((n, c, h, w), std=3), "labels": family.uniform((n, c, h, w)) if i % 2 else family.whole((n, c, h, w), 2, dtype="u8")},
                lambda logits, labels: F.binary_cross_entropy_with_logits(logits, labels.double(), weight=column(weight), pos_weight=column(v), reduction=reduction),
                gradients=["logits"], name=f"several labels {i}")


# Focal losses

for i in range(8):
    n, c, h, w = shapes()
    kind, gamma, reduction = KINDS[i], draw.choice([0, 1, 2, 5]), draw.choice(["mean", "sum", "none"])
    weight = [round(draw.uniform(0.2, 3), 2) for _ in range(c)] if i % 2 else None
    def focal(logits, labels):
        mask = labels != IGNORE
        y = one_hot(labels, c, mask)
        log_p = torch.log_softmax(logits, 1)
        losses = -(y * (1 - log_p.exp()) ** gamma * log_p * (T(weight)[:, None, None] if weight else 1)).sum(1)
        return losses if reduction == "none" else losses.sum() / (mask.sum().clamp_min(1) if reduction == "mean" else 1)
    family.case("focalLoss", {"ignoreIndex": IGNORE, "gamma": gamma, "weight": weight, "reduction": reduction},
                {"logits": logits_of(kind, (n, c, h, w)), "labels": labels_of(kind, n, c, h, w)}, focal, name=f"{kind} {i}")
for i in range(3):
    n, c, h, w = shapes()
    family.case("focalLoss", {"gamma": i}, {"logits": family.normal((n, c, h, w), std=2), "labels": family.uniform((n, c, h, w))},
                lambda logits, labels: -(labels * (1 - torch.softmax(logits, 1)) ** i * torch.log_softmax(logits, 1)).sum(1).mean(), gradients=["logits"], name=f"probabilities {i}")


for i in range(8):
    n, c, h, w = shapes()
    alpha, gamma, reduction = draw.choice([0.25, 0.6, None]), draw.choice([0, 1, 2, 3]), ["mean", "sum", "none"][i % 3]
    soft = i % 2 == 1
    family.case("sigmoidFocalLoss", {"gamma": gamma, "reduction": reduction, **({"noAlpha": True} if alpha is None else {"alpha": alpha})},
                {"logits": logits_of("extreme" if i == 6 else "random", (n, c, h, w)), "labels": family.uniform((n, c, h, w)) if soft else family.whole((n, c, h, w), 2, dtype="u8")},
                lambda logits, labels: sigmoid_focal_loss(logits, labels.double(), -1 if alpha is None else alpha, gamma, reduction), gradients=["logits"], name=f"torchvision {i}")


for i in range(8):
    n, c, h, w = shapes()
    kind = ["random", "ignored", "one class", "absent class"][i % 4]
    alpha, normalized, threshold = draw.choice([None, 0.25]), i % 3 == 0, 0.5 if i % 4 == 1 else None
    def smp_multiclass(logits, labels):
        mask = labels != IGNORE
        return sum(smp_focal(logits[:, k][mask], (labels == k).double()[mask], 2, alpha, normalized, threshold) for k in range(c)) / c
    family.case("sigmoidFocalLoss", {"dialect": "smp", "ignoreIndex": IGNORE, "normalized": normalized, "reducedThreshold": threshold, **({"noAlpha": True} if alpha is None else {"alpha": alpha})},
                {"logits": family.normal((n, c, h, w), std=2), "labels": labels_of(kind, n, c, h, w)}, smp_multiclass, name=f"smp, {kind} {i}")


# Region losses

def masked(logits, labels, squash=None):
    """Probabilities and one-hot targets [n, c, pixels], zero where ignored."""
    n, c = logits.shape[:2]
    mask = labels != IGNORE
    p = (squash or probabilities)(logits) * mask[:, None]
    return p.reshape(n, c, -1), one_hot(labels, c, mask).reshape(n, c, -1)


FORMS = {"diceLoss": (0.5, 0.5, 2), "jaccardLoss": (1, 1, 1), "tverskyLoss": (0.3, 0.7, 1)}
for op, (alpha, beta, scale) in FORMS.items():
    for i in range(16):
        n, c, h, w = shapes()
        c = 1 if i % 5 == 4 else c
        kind, dialect = KINDS[i % len(KINDS)], ["plain", "smp", "monai", "plain"][i % 4]
        per_image, log, squared = draw.random() < 0.5, draw.random() < 0.3, draw.random() < 0.4 and op != "tverskyLoss"
        background, smooth = draw.random() < 0.6, draw.choice([None, 1])
        weight = [round(draw.uniform(0.2, 3), 2) for _ in range(c)] if draw.random() < 0.4 and c > 1 else None
        if dialect == "smp":
            per_image, squared, background = False, False, True
        if dialect == "monai":
            log = False
        options = {"dialect": dialect, "ignoreIndex": IGNORE, "smooth": smooth, "weight": weight, "includeBackground": background, "log": log or None,
                   "perImage": per_image, **({} if op == "tverskyLoss" else {"squared": squared}), **({"alpha": alpha, "beta": beta} if op == "tverskyLoss" else {})}
        def region(logits, labels):
            p, y = masked(logits, labels)
            w_ = weight and T(weight)
            if dialect == "smp":
                return smp_region(p, y, alpha, beta, smooth or 0.0, log, w_)
            if dialect == "monai":
                k = 1 if op == "tverskyLoss" else 2
                keep = w_ if w_ is None or background else w_[1:]
                return monai_region(p, y, alpha, beta, k, not per_image, False, squared, background, keep, 1e-5 if smooth is None else smooth)
            return plain_region(p, y, alpha, beta, scale, smooth or 0.0, per_image, log, squared, background, w_)
        family.case(op, options, {"logits": logits_of(kind, (n, c, h, w)), "labels": labels_of(kind, n, max(2, c), h, w)}, region, name=f"{dialect}, {kind} {i}")

# Fractional targets: Σ min(p, y) (smp, MONAI soft_label) and Σ p·y.
for i, (op, (alpha, beta, scale)) in enumerate(list(FORMS.items()) * 2):
    n, c, h, w = shapes()
    dialect = "smp" if i < 3 else "plain"
    def fractional(logits, labels):
        p, y = torch.softmax(logits, 1).flatten(2), labels.flatten(2)
        return smp_region(p, y, alpha, beta) if dialect == "smp" else plain_region(p, y, alpha, beta, scale)
    family.case(op, {"dialect": dialect, **({"alpha": alpha, "beta": beta} if op == "tverskyLoss" else {})},
                {"logits": family.normal((n, c, h, w)), "labels": family.uniform((n, c, h, w))}, fractional, gradients=["logits"], name=f"fractional targets, {dialect}")
family.case("diceLoss", {"dialect": "monai", "overlap": "minimum"}, {"logits": family.normal((2, 3, 4, 5)), "labels": family.uniform((2, 3, 4, 5))},
            lambda logits, labels: monai_region(torch.softmax(logits, 1).flatten(2), labels.flatten(2), 0.5, 0.5, 2, soft=True), gradients=["logits"], name="MONAI soft_label")
family.case("diceLoss", {"activation": "sigmoid", "dialect": "smp"}, {"logits": family.normal((2, 3, 4, 5)), "labels": family.whole((2, 3, 4, 5), 2, dtype="u8")},
            lambda logits, labels: smp_region(torch.sigmoid(logits).flatten(2), labels.double().flatten(2), 0.5, 0.5), name="several labels a pixel")
family.case("diceLoss", {"activation": "sigmoid", "dialect": "monai"}, {"logits": family.normal((2, 3, 4, 5)), "labels": family.whole((2, 4, 5), 3, dtype="u8")},
            lambda logits, labels: monai_region(torch.sigmoid(logits).flatten(2), one_hot(labels, 3, labels >= 0).flatten(2), 0.5, 0.5, 2), name="sigmoids of class numbers")
for i in range(4):
    n, c, h, w = shapes()
    kind = ["random", "ignored", "all ignored", "extreme"][i]
    def milesial(logits, labels):
        p, y = masked(logits, labels)
        inter, sets = 2 * (p * y).sum(), p.sum() + y.sum()
        return 1 - (inter + 1e-6) / (torch.where(sets == 0, inter, sets) + 1e-6)
    family.case("diceLoss", {"dialect": "milesial", "ignoreIndex": IGNORE}, {"logits": logits_of(kind, (n, c, h, w)), "labels": labels_of(kind, n, c, h, w)}, milesial, name=f"milesial, {kind}")

# Pixel weights in the sums.
family.case("diceLoss", {"smooth": 1}, {"logits": family.normal((2, 3, 4, 5)), "labels": family.whole((2, 4, 5), 3, dtype="u8"), "pixelWeight": family.uniform((2, 4, 5), 0, 3)},
            lambda logits, labels, pixelWeight: (lambda p, y, v: (1 - (2 * (v * p * y).sum((0, 2, 3)) + 1) / ((v * (p + y)).sum((0, 2, 3)) + 1)).mean())(
                torch.softmax(logits, 1), one_hot(labels, 3, labels >= 0), pixelWeight[:, None]), gradients=["logits"], name="pixel weights")

# Generalized Dice: Sudre, and MONAI GeneralizedDiceLoss.
for i in range(10):
    n, c, h, w = shapes()
    kind, dialect, background = KINDS[i % len(KINDS)], ["plain", "monai"][i % 2], i % 5 != 2
    volume, per_image = draw.choice(["square", "square", "simple", "uniform"]), draw.random() < 0.5
    smooth = 1e-5 if dialect == "monai" else 0
    def generalized(logits, labels):
        p, y = masked(logits, labels)
        p, y = (p, y) if background else (p[:, 1:], y[:, 1:])
        dims = (2,) if per_image else (0, 2)
        hits, big_p, big_y = ((t.sum(dims) if per_image else t.sum(dims)[None]) for t in (p * y, p, y))
        weight = {"square": 1 / (big_y * big_y), "simple": 1 / big_y, "uniform": torch.ones_like(big_y)}[volume]
        infinite = torch.isinf(weight)
        weight = torch.where(infinite, 0.0, weight)
        weight = weight + infinite * weight.max(1, keepdim=True).values
        below = ((big_p + big_y) * weight).sum(1) + smooth
        return (1 - (2 * (hits * weight).sum(1) + smooth) / below.clamp_min(1e-30)).mean()
    family.case("generalizedDiceLoss", {"dialect": dialect, "ignoreIndex": IGNORE, "includeBackground": background, "volumeWeight": volume, "perImage": per_image},
                {"logits": logits_of(kind, (n, c, h, w)), "labels": labels_of(kind, n, c, h, w)}, generalized, name=f"{dialect}, {kind} {i}")

# Focal Tversky: smp's exponent after the mean, the paper's (Abraham & Khan 2018) for each class.
for i in range(8):
    n, c, h, w = shapes()
    kind, dialect, gamma = ["random", "ignored", "absent class", "random"][i % 4], ["plain", "smp"][i % 2], draw.choice([0.75, 4 / 3, 2])
    def focal_tversky(logits, labels):
        p, y = masked(logits, labels)
        if dialect == "smp":
            return smp_region(p, y, 0.3, 0.7, gamma=gamma)
        return ((1 - tversky(p, y, 0.3, 0.7, 1, 0, (0, 2))[0]) ** (1 / gamma)).mean()
    family.case("focalTverskyLoss", {"dialect": dialect, "ignoreIndex": IGNORE, "gamma": gamma}, {"logits": family.normal((n, c, h, w), std=2), "labels": labels_of(kind, n, c, h, w)}, focal_tversky, name=f"{dialect}, {kind} {i}")

# MCC: smp (binary); several classes are averaged.
for i in range(6):
    n, c, h, w = shapes()
    c, kind = 1 if i < 3 else c, ["random", "one class", "absent class"][i % 3]
    def mcc(logits, labels, eps=1e-5):
        p, y = masked(logits, labels)
        count = lambda a, b: (a * b).sum((0, 2)) + eps
        tp, tn, fp, fn = count(p, y), count(1 - p, 1 - y), count(p, 1 - y), count(1 - p, y)
        return (1 - (tp * tn - fp * fn) / torch.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))).mean()
    family.case("mccLoss", {}, {"logits": family.normal((n, c, h, w), std=2), "labels": labels_of(kind, n, max(2, c), h, w)}, mcc, name=f"{kind} {i}")


# Lovász: Berman

for i in range(10):
    n, c, h, w = shapes()
    kind, classes, per_image = KINDS[i % len(KINDS)], ["present", "all"][i % 2], draw.random() < 0.4
    def lovasz_softmax(logits, labels):
        def flat(p, y):
            p, y = p.permute(0, 2, 3, 1).reshape(-1, c), y.flatten()
            p, y = p[y != IGNORE], y[y != IGNORE]
            if y.numel() == 0:
                return logits.sum() * 0.0
            losses = [lovasz_flat(((y == k).double() - p[:, k]).abs(), (y == k).double()) for k in range(c) if classes == "all" or bool((y == k).any())]
            return sum(losses) / len(losses)
        p = torch.softmax(logits, 1)
        return sum(flat(p[k:k + 1], labels[k:k + 1]) for k in range(n)) / n if per_image else flat(p, labels)
    family.case("lovaszSoftmaxLoss", {"classes": classes, "perImage": per_image, "ignoreIndex": IGNORE},
                {"logits": logits_of(kind, (n, c, h, w)), "labels": labels_of(kind, n, c, h, w)}, lovasz_softmax, name=f"{kind} {i}")
for i in range(8):
    n, _, h, w = shapes()
    kind, per_image = KINDS[i], draw.random() < 0.5
    def lovasz_hinge(logits, labels):
        def flat(x, y):
            x, y = x.flatten()[y.flatten() != IGNORE], y.flatten()[y.flatten() != IGNORE].double()
            return lovasz_flat(1 - x * (2 * y - 1), y) if y.numel() else logits.sum() * 0.0
        return sum(flat(logits[k], labels[k]) for k in range(n)) / n if per_image else flat(logits, labels)
    family.case("lovaszHingeLoss", {"perImage": per_image, "ignoreIndex": IGNORE}, {"logits": logits_of(kind, (n, 1, h, w)), "labels": labels_of(kind, n, 2, h, w)}, lovasz_hinge, name=f"{kind} {i}")


# Losses by distances: scipy's exact Euclidean transform

for i in range(8):
    n, c, h, w = draw.choice([(2, 3, 9, 8), (1, 4, 12, 10)])
    c, kind, background = 1 if i == 3 else c, KINDS[i], i % 2 == 0
    def boundary(logits, labels):
        mask = labels != IGNORE
        y = one_hot(labels, c, mask)
        phi = fields(y, lambda inner, outer, m: outer * ~m - (inner - 1) * m)           # Kervadec one_hot2dist
        losses = (probabilities(logits) * phi * mask[:, None])[:, 0 if background or c == 1 else 1:]
        return losses.sum() / max(1, int(mask.sum()) * losses.shape[1])
    family.case("boundaryLoss", {"ignoreIndex": IGNORE, "includeBackground": background}, {"logits": logits_of(kind, (n, c, h, w)), "labels": labels_of(kind, n, max(2, c), h, w)}, boundary, name=f"{kind} {i}")
family.case("boundaryLoss", {}, {"logits": family.normal((2, 3, 5, 4)), "labels": family.normal((2, 3, 5, 4), std=3)},
            lambda logits, labels: (torch.softmax(logits, 1) * labels)[:, 1:].mean(), gradients=["logits"], name="distances given")
for i in range(8):
    n, c, h, w = draw.choice([(2, 3, 9, 8), (1, 4, 12, 10)])
    c, kind, background, alpha = 1 if i == 3 else c, KINDS[i], i % 2 == 0, draw.choice([2, 2, 1, 3])
    def hausdorff(logits, labels):
        mask = labels != IGNORE
        y, p = one_hot(labels, c, mask), probabilities(logits) * mask[:, None]
        both = lambda inner, outer, m: inner + outer                                  # MONAI distance_field
        losses = ((p - y) ** 2 * (fields(p.detach() > 0.5, both) ** alpha + fields(y > 0.5, both) ** alpha))[:, 0 if background or c == 1 else 1:]
        return losses.sum() / max(1, int(mask.sum()) * losses.shape[1])
    family.case("hausdorffLoss", {"ignoreIndex": IGNORE, "includeBackground": background, "alpha": alpha}, {"logits": logits_of(kind, (n, c, h, w)), "labels": labels_of(kind, n, max(2, c), h, w)}, hausdorff, name=f"{kind} {i}")
for i in range(5):
    mask = family.whole((2, 15 + i, 30 - 3 * i), 2 + 3 * i, dtype="u8")
    family.case("distanceTransform", {}, {"mask": mask}, lambda mask: torch.from_numpy(numpy.stack([distance_transform_edt(m) for m in mask.numpy()])))

family.write()
