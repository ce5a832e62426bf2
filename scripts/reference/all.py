"""Writes every fixture of test/fixtures again: `python scripts/reference/all.py`, or `python scripts/reference/all.py pooling large`
for some families; whole networks are families too. The tests need no Python; this does:

    pip install torch torchvision numpy safetensors torchmetrics scikit-learn scipy
"""
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
names = sys.argv[1:]
every = {path.stem: path for folder in ("families", "models") for path in sorted((HERE / folder).glob("*.py"))} | {"metrics": HERE / "metrics.py", "unet": HERE / "unet.py"}
scripts = [every[name] for name in names or every]
for script in scripts:
    subprocess.run([sys.executable, str(script)], check=True)
