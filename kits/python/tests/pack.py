"""Packs a program that is built already: `pack.py PROGRAM FOLDER` writes the wheel that maturin would write, and prints its path."""

from __future__ import annotations

import base64
import hashlib
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Dict

KIT = Path(__file__).resolve().parents[1]


def pack(program: Path, into: Path) -> Path:
    """Writes the wheel."""
    with tempfile.TemporaryDirectory() as folder:
        # Metadata, tags and entry points come from maturin, which compiles nothing for them.
        command = ["maturin", "pep517", "write-dist-info", "--metadata-directory", folder]
        subprocess.run(command, cwd=KIT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        info = next(Path(folder).iterdir())
        files = {f"{info.name}/{file.name}": file.read_bytes() for file in info.iterdir() if file.is_file()}
    release = info.name[: -len(".dist-info")]
    for file in sorted((KIT / "standin_mock").iterdir()):
        if file.is_file():
            files[f"standin_mock/{file.name}"] = file.read_bytes()
    files[f"{release}.data/scripts/standin"] = program.read_bytes()
    tag = re.search(r"^Tag: (\S+)$", files[f"{info.name}/WHEEL"].decode(), re.M)
    assert tag is not None
    into.mkdir(parents=True, exist_ok=True)
    wheel = into / f"{release}-{tag.group(1)}.whl"
    _write(wheel, files, f"{info.name}/RECORD")
    return wheel


def _write(wheel: Path, files: Dict[str, bytes], record: str) -> None:
    lines = [f"{record},,"]
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as zip:
        for name, content in files.items():
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
            lines.append(f"{name},sha256={digest},{len(content)}")
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (0o100755 if "/scripts/" in name else 0o100644) << 16
            zip.writestr(entry, content, zipfile.ZIP_DEFLATED)
        zip.writestr(record, "\n".join(lines) + "\n")


if __name__ == "__main__":
    print(pack(Path(sys.argv[1]), Path(sys.argv[2])))
