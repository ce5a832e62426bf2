"""How scripts of this folder write a small JSON file under test/fixtures, with the versions of what computed it beside it."""
import json
import pathlib
import platform

import torch

ROOT = pathlib.Path(__file__).resolve().parents[2]


def write(name: str, content: dict) -> None:
    versions = {"torch": torch.__version__, "python": platform.python_version()}
    path = ROOT / "test" / "fixtures" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"versions": versions, **content}, separators=(",", ":"))
    # One case a line, so that changes can be read.
    path.write_text(text.replace('{"name":', '\n{"name":') + "\n")
    print(path.relative_to(ROOT), len(text), "bytes")
