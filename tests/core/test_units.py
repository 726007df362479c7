import pytest

from napari_sam2.core.units import unit_name, unit_symbol


@pytest.mark.parametrize(
    "spelling",
    ["um", "µm", "\u03bcm", "\\u00B5m", "micron", "Microns", "micrometers", " UM "],
)
def test_all_spellings_of_the_micrometer_are_one(spelling):
    assert unit_name(spelling) == "micrometer"


@pytest.mark.parametrize(
    ("spelling", "name"),
    [("s", "second"), ("sec", "second"), ("ms", "millisecond"), ("mm", "millimeter"),
     ("inch", "inch"), ("in", "inch"), ("inches", "inch"), ("furlong", "furlong"),
     ("us", "microsecond"), ("µs", "microsecond"), ("nanoseconds", "nanosecond"),
     ("pm", "picometer"), ("km", "kilometer"), ("ft", "foot")],
)  # fmt: skip
def test_other_units(spelling, name):
    assert unit_name(spelling) == name


@pytest.mark.parametrize(
    "nothing", ["", "pixel", "pixels", "px", "Voxels", "null", "Unknown"]
)
def test_pixels_are_no_unit(nothing):
    assert unit_name(nothing) == ""


def test_symbols_lead_back_to_their_names():
    for name in ("micrometer", "second", "angstrom", "hour"):
        assert unit_name(unit_symbol(name)) == name
