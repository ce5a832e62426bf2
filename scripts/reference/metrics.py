"""Metrics as scikit-learn, torchmetrics and SciPy compute them, in double precision, on small class maps: random, with ignored
pixels, with absent classes, of one class, of one pixel, empty. Writes test/fixtures/metrics.json.

    pip install torch torchmetrics scikit-learn scipy && python scripts/reference/metrics.py
"""
import importlib.metadata
import warnings

import numpy as np
import sklearn.metrics as sk
import torch
import torchmetrics.functional.classification as tm
from scipy import ndimage

from fixture import write

warnings.filterwarnings("ignore")
rng = np.random.default_rng(3)
IGNORED = 255


def numbers(values):
    """JSON has no NaN and no infinity: they are written as words."""
    if isinstance(values, dict):
        return {k: numbers(v) for k, v in values.items()}
    if isinstance(values, (list, tuple, np.ndarray)):
        return [numbers(v) for v in values]
    if isinstance(values, (str, bool)) or values is None:
        return values
    value = float(values)
    return "NaN" if np.isnan(value) else "Infinity" if np.isinf(value) else round(value, 12) if value != int(value) else int(value)


def maps(images, height, width, classes, *, ignored=0.0, occurring=None, agreement=0.6):
    """Truth and prediction; labels drawn from `occurring`, ignored ones with probability `ignored`."""
    kinds = np.array(occurring if occurring is not None else range(classes))
    shape = (images, height, width)
    truth = kinds[rng.integers(len(kinds), size=shape)]
    guess = np.where(rng.random(shape) < agreement, truth, kinds[rng.integers(len(kinds), size=shape)])
    truth = np.where(rng.random(shape) < ignored, IGNORED, truth)
    return truth, guess


def outcomes(truth, guess, c):
    counted = truth != IGNORED
    t, p = (truth == c) & counted, (guess == c) & counted
    return [int((t & p).sum()), int((~t & p & counted).sum()), int((t & ~p).sum()), int((~t & ~p & counted).sum())]



def ratios(tp, fp, fn, tn, absent, beta):
    if tp + fp + fn == 0:
        return [absent] * 6
    b2 = beta * beta
    divide = lambda a, b: a / b if b else 0.0
    return [divide(tp, tp + fp), divide(tp, tp + fn), tn / (tn + fp) if tn + fp else 1.0,
            divide((1 + b2) * tp, (1 + b2) * tp + fp + b2 * fn), divide(2 * tp, 2 * tp + fp + fn), divide(tp, tp + fp + fn)]


def segmentation(name, truth, guess, classes, policy="ignore", beta=1):
    absent = {"ignore": np.nan, "zero": 0.0, "one": 1.0}[policy]
    counted = truth != IGNORED
    t, p = truth[counted], guess[counted]
    everything = list(range(classes))
    matrix = sk.confusion_matrix(t, p, labels=everything) if t.size else np.zeros((classes, classes), int)
    per_class = [ratios(*outcomes(truth, guess, c), absent, beta) for c in everything]
    support = np.array([(t == c).sum() for c in everything])
    case = {"name": name, "classes": classes, "absent": policy, "beta": beta, "shape": list(truth.shape), "truth": truth.flatten().tolist(), "predicted": guess.flatten().tolist(),
            "matrix": matrix.flatten().tolist(), "perClass": per_class}
    if t.size:
        # Where scikit-learn and torchmetrics have the score, theirs is written.
        occurring = sorted(set(t) | set(p))
        sk_precision, sk_recall, sk_f, _ = sk.precision_recall_fscore_support(t, p, labels=occurring, beta=beta, zero_division=0)
        for c, a, b, f in zip(occurring, sk_precision, sk_recall, sk_f):
            assert np.allclose([per_class[c][0], per_class[c][1], per_class[c][3]], [a, b, f])
            per_class[c][0], per_class[c][1], per_class[c][3] = a, b, f
        for c, v in zip(occurring, sk.jaccard_score(t, p, labels=occurring, average=None, zero_division=0)):
            per_class[c][5] = v
        torch_t, torch_p = torch.tensor(t).long(), torch.tensor(p).long()
        specificity = tm.multiclass_specificity(torch_p, torch_t, num_classes=classes, average=None).double()
        for c in occurring:
            # torchmetrics says 0 where a class is everything that there is to see.
            if per_class[c][2] != 1.0:
                assert abs(per_class[c][2] - specificity[c]) < 1e-6
        case |= {"pixelAccuracy": sk.accuracy_score(t, p), "classAccuracy": sk.balanced_accuracy_score(t, p), "kappa": sk.cohen_kappa_score(t, p, labels=everything),
                 "mcc": sk.matthews_corrcoef(t, p), "frequencyWeightedIou": sum(support[c] * per_class[c][5] for c in everything if support[c]) / support.sum(),
                 "micro": ratios(*np.sum([outcomes(truth, guess, c) for c in everything], axis=0), absent, beta)}
        table = np.array(per_class)
        case["mean"] = np.nanmean(table, axis=0)
        kept = ~np.isnan(table[:, 0]) & (support > 0)
        case["weighted"] = (table[kept] * support[kept, None]).sum(0) / support[kept].sum()
        if policy == "ignore":
            assert np.allclose(case["weighted"][5], sk.jaccard_score(t, p, labels=everything, average="weighted", zero_division=0))
        # Image by image, as segmentation_models_pytorch's "…-imagewise" reductions.
        images = [np.array([ratios(*outcomes(a, b, c), absent, beta) for c in everything]) for a, b in zip(truth, guess)]
        pooled = [ratios(*np.sum([outcomes(a, b, c) for c in everything], axis=0), absent, beta) for a, b in zip(truth, guess)]
        case["imageMean"] = np.nanmean([np.nanmean(i, axis=0) for i in images], axis=0)
        case["imageMicro"] = np.nanmean(pooled, axis=0)
        weights = [np.where(np.isnan(i[:, 0]), 0, support) for i in images]
        case["imageWeighted"] = np.nanmean([np.nansum(i * w[:, None], axis=0) / w.sum() if w.sum() else np.full(6, np.nan) for i, w in zip(images, weights)], axis=0)
    return numbers(case)


segmentations = []
for classes in (2, 3, 7, 21):
    for policy in ("ignore", "zero", "one"):
        segmentations.append(segmentation(f"{classes} classes, {policy}", *maps(3, 9, 11, classes, ignored=0.1), classes, policy, beta=rng.choice([0.5, 1, 2])))
        segmentations.append(segmentation(f"{classes} classes, some absent, {policy}", *maps(2, 7, 8, classes, ignored=0.2, occurring=[0, classes - 1]), classes, policy))
for policy in ("ignore", "zero", "one"):
    segmentations.append(segmentation(f"one class only, {policy}", np.full((2, 4, 5), 1), np.full((2, 4, 5), 1), 3, policy))
    segmentations.append(segmentation(f"all wrong, {policy}", np.full((1, 4, 5), 1), np.full((1, 4, 5), 0), 2, policy))
    segmentations.append(segmentation(f"all ignored, {policy}", np.full((1, 4, 5), IGNORED), np.full((1, 4, 5), 0), 2, policy))
    segmentations.append(segmentation(f"one pixel, {policy}", np.full((1, 1, 1), 1), np.full((1, 1, 1), 1), 2, policy))


def curve(name, scores, truth):
    scores = scores.astype(np.float32).astype(np.float64)
    counted = truth != IGNORED
    t, s = truth[counted] == 1, scores[counted]
    case = {"name": name, "scores": scores.tolist(), "truth": truth.tolist(), "positives": int(t.sum()), "negatives": int((~t).sum())}
    if 0 < t.sum() < t.size:
        fpr, tpr, thresholds = sk.roc_curve(t, s, drop_intermediate=False)
        case |= {"thresholds": thresholds, "fpr": fpr, "tpr": tpr, "auc": sk.roc_auc_score(t, s), "averagePrecision": sk.average_precision_score(t, s)}
        best = []
        for c0, c1 in ((1, 1), (1, 10), (5, 1), (0, 1), (1, 0)):
            errors = [(c0 * (~t & (s >= v)).sum() + c1 * (t & (s < v)).sum(), -v) for v in [np.inf, *np.unique(s)]]
            error, threshold = min(errors)
            best.append({"c0": c0, "c1": c1, "error": error, "threshold": -threshold})
        case["best"] = best
    return numbers(case)


curves = []
for n, decimals in ((50, 1), (200, 2), (333, 6), (64, 0)):
    truth = (rng.random(n) < 0.3).astype(int)
    scores = np.clip(np.round(rng.normal(0.4 + 0.2 * truth, 0.2), decimals), 0, 1)
    curves.append(curve(f"{n} scores of {decimals} decimals", scores, truth))
    curves.append(curve(f"{n} scores of {decimals} decimals, some ignored", scores, np.where(rng.random(n) < 0.2, IGNORED, truth)))
curves.append(curve("logits", rng.normal(0, 50, 90), (rng.random(90) < 0.5).astype(int)))
curves.append(curve("perfect", np.linspace(0, 1, 20), (np.arange(20) >= 10).astype(int)))
curves.append(curve("upside down", np.linspace(0, 1, 20), (np.arange(20) < 10).astype(int)))
curves.append(curve("no positive", rng.random(12), np.zeros(12, int)))
curves.append(curve("no negative", rng.random(12), np.ones(12, int)))


def calibration(name, logits, truth, bins):
    logits = torch.tensor(logits).float().double()
    labels = torch.tensor(truth)
    classes = logits.shape[-1]
    p = torch.softmax(logits, -1) if classes > 1 else torch.sigmoid(logits)
    if classes == 1:
        p = torch.cat([1 - p, p], -1)
    expected = {norm: tm.multiclass_calibration_error(p, labels, num_classes=max(2, classes), n_bins=bins, norm=norm, ignore_index=IGNORED) for norm in ("l1", "max")}
    return numbers({"name": name, "bins": bins, "classes": classes, "logits": logits.flatten().tolist(), "truth": truth.tolist(), "expected": expected["l1"], "maximum": expected["max"]})


calibrations = []
for classes, bins in ((2, 10), (3, 15), (5, 15), (1, 10), (4, 1)):
    truth = rng.integers(0, max(2, classes), 150)
    logits = rng.normal(0, 2, (150, classes))
    calibrations.append(calibration(f"{classes} classes, {bins} bins", logits, truth, bins))
    calibrations.append(calibration(f"{classes} classes, {bins} bins, some ignored", logits, np.where(rng.random(150) < 0.2, IGNORED, truth), bins))


def edges(mask):
    """Pixels of the mask with a neighbour (of four) outside it; outside the image is outside (medpy, MONAI's get_mask_edges)."""
    return mask & ~ndimage.binary_erosion(mask)


def surface(name, truth, guess, classes, spacing=(1.0, 1.0), percentile=95, tolerance=0.0075, width=0.02):
    results = []
    for c in range(classes):
        t, p = truth == c, guess == c
        et, ep = edges(t), edges(p)
        diagonal = np.hypot(*truth.shape)
        if not t.any() and not p.any():
            results.append([np.nan] * 5)
            continue
        if t.any() and p.any():
            to_t = ndimage.distance_transform_edt(~et, sampling=spacing)[ep]
            to_p = ndimage.distance_transform_edt(~ep, sampling=spacing)[et]
            hausdorff = max(to_t.max(), to_p.max())
            partial = max(np.percentile(to_t, percentile), np.percentile(to_p, percentile))
            mean = np.concatenate([to_t, to_p]).mean()
            # Boundary F1 (Csurka 2013): distances in pixels, within a part of the diagonal.
            reach = tolerance * diagonal
            precision = (ndimage.distance_transform_edt(~et)[ep] <= reach).mean()
            recall = (ndimage.distance_transform_edt(~ep)[et] <= reach).mean()
            f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
        else:
            hausdorff = partial = mean = np.inf
            f1 = 0.0
        # Boundary IoU (Cheng 2021): pixels of each mask closer than d to its contour, by d erosions with a 3x3 square.
        d = max(1, int(round(width * diagonal)))
        band = lambda m: m & ~ndimage.binary_erosion(m, np.ones((3, 3)), iterations=d)
        bt, bp = band(t), band(p)
        union = (bt | bp).sum()
        results.append([hausdorff, partial, mean, f1, (bt & bp).sum() / union if union else np.nan])
    return numbers({"name": name, "classes": classes, "shape": list(truth.shape), "spacing": list(spacing), "percentile": percentile, "tolerance": tolerance, "width": width,
                    "truth": truth.flatten().tolist(), "predicted": guess.flatten().tolist(), "perClass": results})


def blobs(height, width, classes, shift):
    noise = ndimage.gaussian_filter(rng.normal(size=(classes, height, width)), (0, 3, 3))
    truth = noise.argmax(0)
    guess = np.roll(noise + 0.15 * noise.std() * rng.normal(size=noise.shape), shift, (1, 2)).argmax(0)
    return truth, guess


surfaces = []
for height, width, classes in ((24, 31, 2), (33, 20, 3), (40, 40, 4)):
    for shift, spacing in (((1, 0), (1.0, 1.0)), ((2, 3), (0.7, 1.5)), ((0, 0), (2.0, 2.0))):
        surfaces.append(surface(f"blobs {height}x{width}, {classes} classes, shift {shift}, spacing {spacing}", *blobs(height, width, classes, shift), classes, spacing, percentile=int(rng.choice([90, 95, 100])), tolerance=float(rng.choice([0.0075, 0.05])), width=float(rng.choice([0.02, 0.05]))))
surfaces.append(surface("nothing found", np.pad(np.ones((3, 3), int), 4), np.zeros((11, 11), int), 2))
surfaces.append(surface("nothing there", np.zeros((11, 11), int), np.pad(np.ones((3, 3), int), 4), 2))
surfaces.append(surface("an absent class", np.zeros((6, 7), int), np.zeros((6, 7), int), 2))
surfaces.append(surface("one pixel each", np.eye(9, dtype=int) * (np.arange(9) == 2), np.eye(9, dtype=int) * (np.arange(9) == 6), 2))
surfaces.append(surface("the same", *(2 * [np.pad(np.ones((3, 5), int), 2)]), 2))
surfaces.append(surface("whole image", np.ones((5, 6), int), np.ones((5, 6), int), 2))

write("metrics", {"packages": {n: importlib.metadata.version(n) for n in ("scikit-learn", "torchmetrics", "scipy", "numpy")}, "segmentations": segmentations, "curves": curves, "calibrations": calibrations, "surfaces": surfaces})
