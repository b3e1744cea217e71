"""Names as remedies write them."""

from __future__ import annotations

import pytest

from gate.rules._says import fitting


@pytest.mark.parametrize("name", ["ck_users_age", "ck_" + "a" * 90, "ck_" + "ä" * 31])
def test_a_made_up_name_fits_in_bytes(name: str) -> None:
    """PostgreSQL cuts a longer one without a word, in bytes; what is cut still differs from others."""
    fits = fitting(name)
    assert len(fits.encode()) <= 63
    assert (fits == name) == (len(name.encode()) <= 63)
    assert fitting(name + "x") != fits
