"""Text from a record, made safe for a terminal."""


def plain(text: str) -> str:
    """Without what a terminal would obey: names, ids and words come from the file."""
    return "".join(each if each.isprintable() else "�" for each in text)
