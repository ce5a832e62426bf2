"""What layers keep from call to call: the running statistics of batch normalisation."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import torch

from configurations import Family

family = Family("layers", seed=61)


def batch_norm(options):
    def run(x, gamma, beta, mean, variance):
        layer = torch.nn.BatchNorm2d(x.shape[1], **options, dtype=torch.float64)
        layer.running_mean.copy_(mean)
        layer.running_var.copy_(variance)
        # The parameters are those whose gradients are asked for.
        del layer.weight, layer.bias
        layer.weight, layer.bias = gamma, beta
        return {"out": layer(x), "runningMean": layer.running_mean, "runningVar": layer.running_var}
    return run


for shape, options in (((2, 3, 3, 2), {}), ((1, 3, 1, 2), {}), ((3, 3, 5, 4), {"momentum": 0.3, "eps": 1e-3}), ((2, 3, 2, 4), {"momentum": None}), ((2, 3, 3, 3), {"momentum": 0.0})):
    inputs = {"x": family.normal(shape, mean=1, std=2), "gamma": family.normal((3,)), "beta": family.normal((3,)),
              "mean": family.values([0.5, -1.0, 2.0]), "variance": family.values([1.0, 2.0, 0.25])}
    # null is a value here: the average of all batches.
    ours = {k: "average" if v is None else v for k, v in options.items()}
    family.case("BatchNorm2d", ours, inputs, batch_norm(options), name=f"{list(shape)} {ours}", gradients=["x", "gamma", "beta"])
family.write()
