"""Writes every fixture of test/fixtures: `python scripts/reference/all.py [family ...]`; without names, all of them."""
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
names = sys.argv[1:]
scripts = [HERE / "families" / f"{name}.py" for name in names] if names else [*sorted((HERE / "families").glob("*.py")), HERE / "conventions.py", HERE / "unet.py"]
for script in scripts:
    subprocess.run([sys.executable, str(script)], check=True)
