"""Finds the program `standin`."""

from __future__ import annotations

import os
import shutil
from importlib import metadata
from pathlib import Path
from typing import Optional

from .errors import ProgramNotFound

DISTRIBUTION = "standin-mock"


def find_program() -> str:
    """The path of the program: `STANDIN_BIN`, else the one that this package has installed, else the one on the path."""
    told = os.environ.get("STANDIN_BIN")
    if told:
        if shutil.which(told) is None:
            raise ProgramNotFound(f"`STANDIN_BIN` is `{told}`, which is no program")
        return told
    found = _installed() or shutil.which("standin")
    if found is None:
        help = f"install it with `pip install {DISTRIBUTION}`, or set `STANDIN_BIN` to its path"
        raise ProgramNotFound(f"there is no program `standin`: {help}")
    return found


def _installed() -> Optional[str]:
    try:
        files = metadata.files(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        return None
    programs = (Path(str(file.locate())).resolve() for file in files if file.name == "standin")
    return next((str(program) for program in programs if os.access(program, os.X_OK) and program.is_file()), None)
