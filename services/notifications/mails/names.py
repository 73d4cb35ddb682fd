"""Names as mails show them. Users choose them, so they must not pass for text of ours."""

import unicodedata

_MAX_LENGTH = 120
_JOINERS = "\u200c\u200d"  # parts of words and emoji: invisible, but they must not be removed


def display_name(name: str) -> str:
    """The name on one line of at most 120 characters, without invisible characters and clickable web addresses."""
    visible = "".join(each for each in unicodedata.normalize("NFC", name) if _is_visible(each))
    line = " ".join(visible.replace("://", " ").split())
    return line if len(line) <= _MAX_LENGTH else f"{line[: _MAX_LENGTH - 1]}…"


def _is_visible(character: str) -> bool:
    category = unicodedata.category(character)
    return character.isspace() or character in _JOINERS or category not in ("Cc", "Cf", "Cs", "Co")
