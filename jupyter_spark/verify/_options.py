"""The bounds of a verification, and how exactly its outputs are compared."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CellGroup:
    """Cells before a change and the cells that they became; one side is empty for a deletion or an insertion.

    A merge is many to one, a split one to many. The ids are ``CellSnapshot.cell_id`` of either notebook.
    """

    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


@dataclass(frozen=True)
class VerifyOptions:
    """How a notebook is run and its outputs are compared.

    Attributes
    ----------
    groups : tuple of CellGroup
        Which cells became which, where more is known than ids tell; all other cells are paired by id.
    renames : tuple of (old, new)
        Names that were changed everywhere: an error that names one is the same with the other.
    kernel_name : str, optional
        The kernel to run in; without it that of the notebook's metadata.
    cell_timeout_s, total_timeout_s : float
        How long a cell may run, and each run as a whole, in seconds. A cell that takes longer ends its run.
    memory_bytes : int, optional
        How much address space each process may take (Linux and macOS); None for as much as there is.
    held_bytes : int, optional
        How much memory each run may hold, all of its processes together; by default a bit less than half of what is
        free. A cell that takes more ends its run.
    copy_limit_bytes : int
        How much of the notebook's folder is copied for each run.
    relative_tolerance, absolute_tolerance : float
        By how much two floating-point numbers may differ; integers are compared exactly.
    pixel_tolerance : float
        By how much a colour of a pixel may differ, from 0 to 1.
    image_tolerance : float
        Which part of a picture's pixels may differ by more than that, from 0 to 1.
    """

    groups: tuple[CellGroup, ...] = ()
    renames: tuple[tuple[str, str], ...] = ()
    kernel_name: str | None = None
    cell_timeout_s: float = 300.0
    total_timeout_s: float = 1800.0
    memory_bytes: int | None = 16 << 30
    held_bytes: int | None = None
    copy_limit_bytes: int = 1 << 30
    relative_tolerance: float = 1e-6
    absolute_tolerance: float = 1e-12
    pixel_tolerance: float = 0.1
    image_tolerance: float = 1e-4
