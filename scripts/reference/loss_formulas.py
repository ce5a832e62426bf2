"""Losses of segmentation_models_pytorch, MONAI, torchvision and of Berman et al., restated from their sources in float64."""
import numpy
import torch
import torch.nn.functional as F
from scipy.ndimage import distance_transform_edt


def probabilities(logits):
    return torch.sigmoid(logits) if logits.shape[1] == 1 else torch.softmax(logits, 1)


def one_hot(labels, c, mask):
    hot = F.one_hot(torch.where(mask, labels, 0), max(2, c)).permute(0, 3, 1, 2).double()
    return (hot[:, 1:] if c == 1 else hot) * mask[:, None]


def sigmoid_focal_loss(inputs, targets, alpha=0.25, gamma=2, reduction="none"):
    p = torch.sigmoid(inputs)
    ce = F.binary_cross_entropy_with_logits(inputs, targets, reduction="none")
    p_t = p * targets + (1 - p) * (1 - targets)
    loss = ce * (1 - p_t) ** gamma
    loss = (alpha * targets + (1 - alpha) * (1 - targets)) * loss if alpha >= 0 else loss
    return loss.mean() if reduction == "mean" else loss.sum() if reduction == "sum" else loss


def smp_focal(output, target, gamma, alpha, normalized, threshold):
    logpt = F.binary_cross_entropy_with_logits(output, target, reduction="none")
    pt = torch.exp(-logpt)
    term = (1 - pt) ** gamma if threshold is None else torch.where(pt < threshold, 1.0, ((1 - pt) / threshold) ** gamma)
    loss = term * logpt
    if alpha is not None:
        loss = loss * (alpha * target + (1 - alpha) * (1 - target))
    return (loss / term.sum().clamp_min(1e-6) if normalized else loss).mean()


def tversky(p, y, alpha, beta, scale, smooth, dims, soft=False, squared=False, eps=1e-7):
    hits = ((p + y - (p - y).abs()) / 2 if soft and not squared else p * y).sum(dims)
    big_p, big_y = ((p ** 2).sum(dims), (y ** 2).sum(dims)) if squared else (p.sum(dims), y.sum(dims))
    size = scale * (hits + alpha * (big_p - hits) + beta * (big_y - hits)) + smooth
    return (scale * hits + smooth) / size.clamp_min(eps), big_y


def smp_region(p, y, alpha, beta, smooth=0.0, log=False, weight=None, gamma=None):
    score, real = tversky(p, y, alpha, beta, 1, smooth, (0, 2), soft=True)
    losses = (-torch.log(score.clamp_min(1e-7)) if log else 1 - score) * (real > 0)
    value = losses.mean() if weight is None else (losses * weight).sum() / weight.sum()
    return value if gamma is None else value ** gamma


def monai_region(p, y, alpha, beta, scale, batch=False, soft=False, squared=False, background=True, weight=None, smooth=1e-5):
    p, y = (p, y) if background or p.shape[1] == 1 else (p[:, 1:], y[:, 1:])
    score, _ = tversky(p, y, alpha, beta, scale, smooth, (0, 2) if batch else (2,), soft, squared)
    return ((1 - score) * (1 if weight is None else weight)).mean()


def plain_region(p, y, alpha, beta, scale, smooth=0.0, per_image=False, log=False, squared=False, background=True, weight=None):
    score, _ = tversky(p, y, alpha, beta, scale, smooth, (2,) if per_image else (0, 2), squared=squared)
    losses = -torch.log(score.clamp_min(1e-7)) if log else 1 - score
    keep = slice(0 if background or p.shape[1] == 1 else 1, None)
    if weight is None:
        return losses[..., keep].mean()
    return (losses * weight)[..., keep].sum() / (weight[keep].sum() * (losses.shape[0] if per_image else 1))


def lovasz_grad(gt):
    gts = gt.sum()
    jaccard = 1.0 - (gts - gt.cumsum(0)) / (gts + (1 - gt).cumsum(0))
    if len(gt) > 1:
        jaccard[1:] = jaccard[1:] - jaccard[:-1].clone()
    return jaccard


def lovasz_flat(errors, fg):
    if errors.numel() == 0:
        return errors.sum() * 0.0
    errors, order = torch.sort(errors, dim=0, descending=True, stable=True)
    return torch.dot(F.relu(errors), lovasz_grad(fg[order]))


def fields(masks, combine):
    """combine(distance to the background, distance to the foreground, mask) of every [h, w]; zeros where one of both does not exist."""
    masks = masks.numpy().astype(bool)
    out = numpy.zeros(masks.shape)
    for k in numpy.ndindex(masks.shape[:2]):
        if masks[k].any() and not masks[k].all():
            out[k] = combine(distance_transform_edt(masks[k]), distance_transform_edt(~masks[k]), masks[k])
    return torch.from_numpy(out)
