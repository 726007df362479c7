"""JSON as people, and other programs, save it."""

from __future__ import annotations

import json
from typing import Any


def parse_json(text: bytes) -> Any:
    """Read JSON in UTF-8, UTF-16 or UTF-32, with or without a byte order mark.

    Parameters
    ----------
    text : bytes
        All of a file.

    Raises
    ------
    ValueError
        If it is none; the message is the end of a sentence, without a full stop.
    """
    if not text.strip():
        raise ValueError("it is empty")
    try:
        return json.loads(text)
    except UnicodeDecodeError:
        raise ValueError("its characters are not in UTF-8: save it as UTF-8") from None
    except RecursionError:
        raise ValueError("its brackets are nested too deeply") from None
    except json.JSONDecodeError as error:
        raise ValueError(
            f"{error.msg} in line {error.lineno}, column {error.colno}"
        ) from None
