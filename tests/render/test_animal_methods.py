"""Methods for other mammals on the page of methods: every number of a species, every criterion with a label."""

from __future__ import annotations

import pytest
from mammal_cases import ALONE, FAR, NONE, Made, block, called

from musk_id.model.methods import ANIMAL_METHODS
from musk_id.render.catalogue import WHOLE_LANGUAGES, load_catalogue
from musk_id.render.pages.document import Cell, Facts
from musk_id.render.pages.methods import _wide_numbers
from musk_id.vocabulary import Language


def _text(cell: Cell) -> str:
    return "".join(span.text for line in cell for span in line)


@pytest.mark.parametrize("language", WHOLE_LANGUAGES)
def test_numbers_of_a_species_that_stands_alone_are_printed_where_a_method_has_them(
    language: Language,
) -> None:
    told = {}
    for method in ANIMAL_METHODS[2:]:
        (facts,) = _wide_numbers(method, load_catalogue(language))
        assert isinstance(facts, Facts)
        told[str(method.version)] = [(label, _text(value)) for label, value in facts.rows]
    before, last = told["general-mammal-3"], told["general-mammal-4"]
    assert [value for _, value in last[-5:]] == ["0.02", "0.015", "0.05", "5", "50"]
    assert [label for label, _ in last[:-4]] == [label for label, _ in before]
    assert len({label for label, _ in last}) == len(last)


@pytest.mark.parametrize("language", WHOLE_LANGUAGES)
def test_every_criterion_of_a_species_has_a_label(language: Language) -> None:
    twins = [Made("Aa one", NONE, "1"), Made("Aa one", NONE, "2"), FAR]
    catalogue = load_catalogue(language)
    names = [str(c.name) for c in called(twins, block(100, 9), ALONE).trace]
    assert "barcode.mammal_species_isolated" in names
    labels = [catalogue.label(f"criterion.{name}") for name in names]
    assert all(labels) and len(set(labels)) == len(labels)
