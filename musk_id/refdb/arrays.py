"""Arrays of a library as plain ``.npy`` files without objects, mapped into memory."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["mapped_arrays", "npy_bytes"]


def npy_bytes(array: NDArray[Any], dtype_text: str) -> bytes:
    """Bytes of an array file; equal arrays give equal bytes."""
    stream = io.BytesIO()
    dtype = np.dtype(dtype_text)
    # Version 1.0 headers are fixed in form, so that equal arrays give equal bytes with every NumPy.
    np.lib.format.write_array(stream, np.ascontiguousarray(array, dtype=dtype), version=(1, 0), allow_pickle=False)
    return stream.getvalue()


def mapped_arrays(directory: Path, stem: str, kinds: Mapping[str, tuple[str, int]]) -> dict[str, NDArray[Any]]:
    """Array files of a table, mapped, not read.

    Raises
    ------
    ValueError
        If a file is no array file, or has another type or other dimensions than its kind.
    """
    arrays: dict[str, NDArray[Any]] = {}
    for name, (dtype, dimensions) in kinds.items():
        path = directory / f"{stem}.{name}.npy"
        try:
            # Not numpy.load, which would also take an archive or a pickle for what it is.
            # A plain view: indexing the subclass costs several times as much.
            array = np.asarray(np.lib.format.open_memmap(path, mode="r"))
        except (EOFError, OverflowError, MemoryError) as error:
            raise ValueError(f"{path.name} is no array file: {error}") from error
        if array.dtype.str != dtype or array.ndim != dimensions:
            raise ValueError(f"{path.name} is {array.dtype.str} of {array.ndim} dimensions")
        arrays[name] = array
    return arrays
