"""Mass spectra as read from a file."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = ["MassSpectrum"]


@dataclass(frozen=True, slots=True, eq=False)
class MassSpectrum:
    """A centroided mass spectrum.

    Attributes
    ----------
    name : str
        Title as in the file.
    mz : ndarray of float64, shape (n,)
        Strictly increasing m/z, read-only.
    intensity : ndarray of float64, shape (n,)
        Positive intensities in the file's own scale, read-only.
    metadata : tuple of (str, str)
        Fields of the file as they stand, names in lower case, in file order.
    """

    name: str
    mz: NDArray[np.float64]
    intensity: NDArray[np.float64]
    metadata: tuple[tuple[str, str], ...] = field(default=())

    def __post_init__(self) -> None:
        if self.mz.ndim != 1 or self.mz.shape != self.intensity.shape:
            raise ValueError(f"m/z and intensity differ in shape: {self.mz.shape} and {self.intensity.shape}")
        # A file holds thousands of short spectra: each check is one pass, and NaN fails all of them.
        if self.mz.size:
            if not (self.mz[0] > 0 and self.mz[-1] < np.inf and (self.mz[1:] > self.mz[:-1]).all()):
                raise ValueError("m/z must be finite, positive and strictly increasing")
            if not (self.intensity.min() > 0 and self.intensity.max() < np.inf):
                raise ValueError("intensities must be finite and positive")
        self.mz.setflags(write=False)
        self.intensity.setflags(write=False)

    def field(self, *names: str) -> str | None:
        """First metadata value under one of the names (lower case), or ``None``."""
        for name in names:
            for key, value in self.metadata:
                if key == name:
                    return value
        return None
