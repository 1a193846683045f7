"""``musk-id examine``: one case, all stages, one process."""

from __future__ import annotations

import argparse
from pathlib import Path

from musk_id.cli.casework import (
    barcode_case,
    controls_batch,
    evidence_case,
    intake_case,
    record_case,
    spectra_case,
)
from musk_id.cli.output import Sealable, seal_case, write_case
from musk_id.cli.output_place import refuse_output_over_sources
from musk_id.cli.workplace import Casework, find_root
from musk_id.errors import UsageError
from musk_id.model.controls import ControlsRecord
from musk_id.model.record import CaseRecord

__all__ = ["examine_case", "run_examine"]


def examine_case(casework: Casework, case_dir: Path) -> CaseRecord:
    """All stages of one case, from its files to the case record."""
    intake = intake_case(casework, case_dir)
    batches = casework.root / "batches"
    controls: dict[str, ControlsRecord] = {
        batch: controls_batch(casework, batches / batch)
        for batch in intake.batch_ids
        if (batches / batch).is_dir()
    }
    barcode = barcode_case(casework, intake, controls, case_dir)
    spectra = spectra_case(casework, intake, controls, case_dir)
    evidence = evidence_case(casework, intake, controls, barcode, spectra)
    return record_case(casework, intake, controls, barcode, spectra, evidence)


def run_examine(arguments: argparse.Namespace) -> int:
    """Run the command."""
    from musk_id.render.overview import headline

    case_dir: Path = arguments.case_dir.resolve()
    if not case_dir.is_dir():
        raise UsageError("there is no such folder", where=str(arguments.case_dir))
    key = None
    if arguments.key is not None:
        from musk_id.cli.passphrase import ask_passphrase
        from musk_id.sealing.keys import load_key

        key = load_key(arguments.key, ask_passphrase())
        if not key[0].startswith("seal-"):
            raise UsageError(f"key {key[0]} is not one of role 'seal'", where=arguments.key.name)
    root = arguments.root.resolve() if arguments.root is not None else find_root(case_dir)
    refuse_output_over_sources(arguments.out / "cases", root, case_dir)
    casework = Casework(root)
    record = examine_case(casework, case_dir)
    place = write_case(record, case_dir, casework.laboratory_path, arguments.out / "cases")
    seal_case(place, Sealable.of(record), key)
    print(headline(record, record.intake.laboratory.languages[0]))
    print(f"  {place}  ({'signed' if key else 'not signed'})")
    return 0
