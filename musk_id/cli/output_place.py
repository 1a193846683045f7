"""Where an output may lie: never over what is examined."""

from __future__ import annotations

from pathlib import Path

from musk_id.errors import UsageError

__all__ = ["refuse_output_over_sources"]


def refuse_output_over_sources(cases: Path, root: Path, case_dir: Path | None = None) -> None:
    """Refuse a folder for sealed cases that overlaps with what is examined: it would be overwritten.

    Parameters
    ----------
    cases : Path
        Folder for the sealed cases.
    root : Path
        Laboratory root.
    case_dir : Path, optional
        The case folder, which may lie elsewhere than in the root.

    Raises
    ------
    UsageError
        If the folder is, holds, or lies in the case folder or the root's ``cases`` or ``batches``.
    """
    target = cases.resolve()
    sources = [root / "cases", root / "batches"] + ([] if case_dir is None else [case_dir])
    for source in (path.resolve() for path in sources):
        if target.is_relative_to(source) or source.is_relative_to(target):
            inside = case_dir is not None and target.is_relative_to(case_dir.resolve())
            what = "inside the case folder" if inside else f"over the laboratory's folder {source.name!r}"
            raise UsageError(
                f"the output would lie {what}, whose files must stay as they are",
                where="--out",
                hint="name a folder of its own for the output, such as ROOT/out",
            )
