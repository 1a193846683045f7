"""Records that say their spectrum was computed, in the words of public collections; and measured ones."""

from __future__ import annotations

import numpy as np
import pytest
from refdata import REFDATA, needs_refdata

from musk_id.formats.jcamp import read_jcamp
from musk_id.formats.msp import read_msp
from musk_id.model.predicted_spectra import stated_prediction
from musk_id.model.spectrum import MassSpectrum


def record(name: str = "x", **fields: str) -> MassSpectrum:
    named = {key.replace("__", " "): value for key, value in fields.items()}
    return MassSpectrum(name, np.array([50.0]), np.array([1.0]), tuple(named.items()))


@pytest.mark.parametrize(
    "spectrum",
    [
        record("Theoretical in-silico spectrum (QCxMS)"),
        record("Theoretical in-silico spectrum (QCEIMS)"),
        record(instrument_type="in-silico QTOF"),
        record(comment="in-silico"),
        record(comment="predicted"),
        record(comments='"predicted"'),
        record(comments='"SMILES=CC" "origin=predicted"'),
        record(comment="CFM-ID 4.4.7"),
        record(comments='"instrument=CFM-EI"'),
        record(comment="QCEIMS, GFN2-xTB"),
        record(comment="Predicted GC-MS Spectrum - GC-MS (Non-derivatized) - 70eV, Positive"),
        record(comment="spectrum predicted by NEIMS"),
        record(comment="predicted with a neural network"),
        record(comment="simulated"),
        record(source="Predicted"),
        record(library="LipidBlast"),
        record(spectrum_type="theoretical"),
        record(origin="simulated data"),
        record(**{"ac$instrument": "predicted"}),
        record(comment="In silico spectrum"),
    ],
)
def test_predicted_spectra_say_so(spectrum):
    assert stated_prediction(spectrum) is not None


@pytest.mark.parametrize(
    "spectrum",
    [
        record(),
        record("Simazine", comment="EI 70 eV, measured"),
        record(comments='"computed SMILES=CC" "computed mass accuracy=1.2" "predicted logP=3.1"'),
        record(inchikey="ZWAMZBCFMBMWPU-UHFFFAOYSA-N", smiles="CC(predicted)"),
        record(comment="library spectrum 12; theoretical mass 258.1978"),
        record(synon="Predicted name", comment="silico"),
        record(instrument="Iceberg 3000", comment="mass spectrum of a standard"),
    ],
)
def test_measured_spectra_are_not_taken_for_predicted_ones(spectrum):
    assert stated_prediction(spectrum) is None


def test_a_jcamp_file_of_a_program_says_so(tmp_path):
    path = tmp_path / "result.jdx"
    path.write_text(
        "##TITLE=Theoretical in-silico spectrum (QCxMS)\n##JCAMP-DX=4.24\n##DATA TYPE=MASS SPECTRUM\n"
        "##XUNITS=M/Z\n##YUNITS=RELATIVE INTENSITY\n##PEAK TABLE=(XY..XY)\n41,5 43,9\n##END=\n"
    )
    found = stated_prediction(read_jcamp(path)[0])
    assert found is not None and "in-silico" in found


@needs_refdata
@pytest.mark.parametrize(
    "path",
    [
        "spectra/massbank/massbank_ei.msp.gz",
        "spectra/massbank/massbank_ci_fi_negatives.msp.gz",
        "spectra/musk_targets/musk_targets_ei.msp.gz",
        "spectra/pnnl/PNNLMetV20191015.msp.gz",
    ],
)
def test_no_measured_public_record_is_taken_for_a_predicted_one(path):
    told = {s.name: found for s in read_msp(REFDATA / path) if (found := stated_prediction(s)) is not None}
    assert told == {}
