"""How many reads of a variant of a run may carry the index of another well, from the record of its batch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from musk_id.model.batch_reads import BatchReads
from musk_id.model.controls import ControlsRecord
from musk_id.model.examination import RunContext
from musk_id.model.primers import PRIMER_PAIRS
from musk_id.model.values import Identifier, Line
from musk_id.sharing_vocabulary import JumpState
from musk_id.stages.run_sheets import same_place

__all__ = ["JumpLimits", "jump_limits", "primers_name"]


@dataclass(frozen=True, slots=True)
class JumpLimits:
    """Limits of one run: for which primers there are any, and the fewest reads by digest.

    ``unlisted`` holds for sequences that are not named: 1 where all shared ones are.
    """

    tested: frozenset[Line | None]
    limits: Mapping[str, int]
    unlisted: int = 1

    def of(self, primers: Line | None, digest: str) -> int | None:
        """Fewest reads that other wells do not explain; ``None`` where that cannot be told."""
        return self.limits.get(digest, self.unlisted) if primers_name(primers) in self.tested else None


def primers_name(primers: Line | None) -> Line | None:
    """The name of a pair in the table, also for one that a laboratory names by its letters."""
    return next((p.name for p in PRIMER_PAIRS if f"{p.forward}/{p.reverse}" == primers), primers)


def jump_limits(records: Iterable[ControlsRecord], contexts: Iterable[RunContext]) -> dict[Identifier, JumpLimits]:
    """Limits of each run whose well was compared in its batch, by run id."""
    batches = {record.batch_id: record.batch_reads for record in records if record.batch_reads is not None}
    found: dict[Identifier, JumpLimits] = {}
    for context in contexts:
        run = context.run
        reads = None if run.batch_id is None else batches.get(run.batch_id)
        if reads is None or run.position is None:
            continue
        if any(same_place(run.position, position) for position in reads.positions):
            found[run.run_id] = _of_well(reads, run.position)
    return found


def _of_well(reads: BatchReads, place: Line) -> JumpLimits:
    limits = {
        str(shared.sequence_sha256): well.jump_limit
        for shared in reads.shared
        for well in shared.wells
        if well.jump_limit is not None and same_place(well.position, place)
    }
    return JumpLimits(
        tested=frozenset(marker.primers for marker in reads.jumps if marker.state is JumpState.LIMITED),
        limits=limits,
        # Those that are not listed have fewer reads than any that is.
        unlisted=max(limits.values(), default=1) if reads.not_listed else 1,
    )
