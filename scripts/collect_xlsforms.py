"""Takes the XLSForms out of git repositories, with the files beside them that they may ask for.

    .venv/bin/python scripts/collect_xlsforms.py FOLDER REPOSITORY…

A repository is a clone (bare or not) below a folder called OWNER+NAME. Into FOLDER/OWNER+NAME go its .xls and .xlsx
files and what lies beside them, in media/ or in NAME-media/, each under its own path. FOLDER/sources.tsv says which
commit each repository was at.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path, PurePosixPath
from typing import Final

FORMS: Final = {".xls", ".xlsx"}
BESIDE: Final = {".csv", ".geojson", ".xml", ".png", ".jpg", ".jpeg"}
FILE_MAX_BYTES: Final = 5_000_000


def main() -> int:
    folder, repositories = Path(sys.argv[1]), sys.argv[2:]
    sources = []
    for repository in repositories:
        owner_and_name = next(part for part in reversed(Path(repository).resolve().parts) if "+" in part)
        sources.append(
            f"{owner_and_name.replace('+', '/')}\t{git(repository, 'rev-parse', 'HEAD').decode().strip()}"
        )
        for path in wanted(git(repository, "ls-tree", "-rlz", "HEAD").decode().split("\0")):
            file = folder / owner_and_name / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(git(repository, "show", f"HEAD:{path}"))
    (folder / "sources.tsv").write_text("\n".join([*sources, ""]), "utf-8")
    return 0


def wanted(listed: list[str]) -> list[str]:
    """The paths of `git ls-tree -l` lines that are forms or lie beside one."""
    sizes = {line.partition("\t")[2]: line.split()[3] for line in listed if line}
    paths = [PurePosixPath(path) for path, size in sizes.items() if size.isdigit() and int(size) <= FILE_MAX_BYTES]
    forms = [path for path in paths if path.suffix.lower() in FORMS]
    beside = {
        folder
        for path in forms
        for folder in (path.parent, path.parent / "media", path.with_name(f"{path.stem}-media"))
    }
    return [
        str(path) for path in paths if path in forms or (path.suffix.lower() in BESIDE and path.parent in beside)
    ]


def git(repository: str, *arguments: str) -> bytes:
    return subprocess.run(["git", "-C", repository, *arguments], check=True, capture_output=True).stdout


if __name__ == "__main__":
    sys.exit(main())
