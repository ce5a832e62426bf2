"""Local response normalisation: windows of every parity, wider than the channels, and the constants of the papers."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import torch.nn.functional as F

from configurations import Family

family = Family("local-response-norm", seed=41)
for size in (1, 2, 3, 4, 5, 9):
    for channels in (1, 3, 4, 8):
        alpha, beta, k = family.draw.choice([(0.5, 0.75, 2), (1e-4, 0.75, 1), (1, 1, 1), (2, 0.5, 0.5)])
        shape = (family.draw.choice([1, 2]), channels, family.draw.randint(1, 5), family.draw.randint(1, 5))
        family.case("localResponseNorm", {"size": size, "alpha": alpha, "beta": beta, "k": k}, {"x": family.normal(shape)},
                    lambda x: F.local_response_norm(x, size, alpha=alpha, beta=beta, k=k))
# The defaults, and SegNet's (5, 0.0001, 0.75) on the pixels it gets.
family.case("localResponseNorm", {"size": 5}, {"x": family.uniform((1, 3, 6, 5), -128, 128)}, lambda x: F.local_response_norm(x, 5))
family.write()
