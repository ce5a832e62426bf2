"""Writes every fixture of test/fixtures again: `python scripts/reference/all.py`, or `python scripts/reference/all.py pooling large`
for some families. The tests need no Python; this does:

    pip install torch numpy safetensors torchmetrics scikit-learn scipy
"""
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
names = sys.argv[1:]
scripts = [HERE / "families" / f"{name}.py" for name in names] if names else [*sorted((HERE / "families").glob("*.py")), HERE / "metrics.py", HERE / "unet.py"]
for script in scripts:
    subprocess.run([sys.executable, str(script)], check=True)
