"""How the scripts of this folder write what PyTorch computed: small JSON files under test/fixtures.

Tensors are written in the library's layouts (feature maps NHWC, kernels with their channels last), versions beside them.
    pip install torch safetensors && python scripts/reference/conventions.py && python scripts/reference/unet.py
"""
import json
import pathlib
import platform

import torch

ROOT = pathlib.Path(__file__).resolve().parents[2]


def channels_last(t: torch.Tensor) -> torch.Tensor:
    """[a, b, h, w] as [a, h, w, b]; anything else as it is."""
    return t.permute(0, 2, 3, 1) if t.dim() == 4 else t


def plain(t: torch.Tensor) -> dict:
    t = channels_last(t.detach())
    values = t.flatten().tolist()
    return {"shape": list(t.shape), "data": [float(f"{v:.7g}") if t.is_floating_point() else v for v in values]}


def write(name: str, content: dict) -> None:
    versions = {"torch": torch.__version__, "python": platform.python_version()}
    path = ROOT / "test" / "fixtures" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"versions": versions, **content}, separators=(",", ":"))
    # One case a line, so that changes can be read.
    path.write_text(text.replace('{"op":', '\n{"op":').replace('{"name":', '\n{"name":') + "\n")
    print(path.relative_to(ROOT), len(text), "bytes")
