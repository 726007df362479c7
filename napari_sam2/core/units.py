"""Names of units, spelt one way however a file spells them."""

from __future__ import annotations

_SYMBOLS = {
    "angstrom": "Å",
    "picometer": "pm",
    "nanometer": "nm",
    "micrometer": "µm",
    "millimeter": "mm",
    "centimeter": "cm",
    "decimeter": "dm",
    "meter": "m",
    "kilometer": "km",
    "inch": "in",
    "foot": "ft",
    "picosecond": "ps",
    "nanosecond": "ns",
    "microsecond": "µs",
    "millisecond": "ms",
    "second": "s",
    "minute": "min",
    "hour": "h",
    "day": "d",
}

_SPELLINGS = {
    "a": "angstrom",
    "um": "micrometer",
    "\\u00b5m": "micrometer",  # ImageJ escapes the micro sign in its description
    "\u03bcm": "micrometer",  # the Greek letter, not the micro sign
    "micron": "micrometer",
    "micrometre": "micrometer",
    "nanometre": "nanometer",
    "millimetre": "millimeter",
    "centimetre": "centimeter",
    "metre": "meter",
    "inche": "inch",
    "sec": "second",
    "msec": "millisecond",
    "us": "microsecond",
    "usec": "microsecond",
    "\u03bcs": "microsecond",
    "hr": "hour",
    **{symbol.lower(): name for name, symbol in _SYMBOLS.items()},
}

_NOT_UNITS = {
    "",
    "pixel",
    "px",
    "voxel",
    "null",
    "none",
    "unknown",
    "frame",
    "reference frame",
}


def unit_name(text: str) -> str:
    """Return the name of a unit: ``"micrometer"`` for um, µm, micron, micrometres.

    Unknown units come back in lower case, and pixels as the empty string.
    """
    plain = text.strip().lower()
    singular = plain[:-1] if len(plain) > 2 and plain.endswith("s") else plain
    for spelling in (plain, singular):
        if spelling in _SPELLINGS or spelling in _SYMBOLS:
            return _SPELLINGS.get(spelling, spelling)
    return "" if {plain, singular} & _NOT_UNITS else plain


def unit_symbol(name: str) -> str:
    """Return the symbol of a unit by its name, or the name when it has none."""
    return _SYMBOLS.get(name, name)
