"""JSON Schemas of every event, written by `python -m contracts.schemas DIR`."""

import json
import sys
from pathlib import Path

from contracts.catalogue import EVENTS
from contracts.compatibility import Schema


def schemas() -> dict[str, Schema]:
    """The JSON Schema (draft 2020-12) of each event's data, by its CloudEvents type."""
    return {
        event_type: {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": event.data_schema(),
            **event.model_json_schema(),
        }
        for event_type, event in EVENTS.items()
    }


def write(folder: Path) -> None:
    """Write `<type>.json` for each event, and remove the files of events that are no more."""
    folder.mkdir(parents=True, exist_ok=True)
    current = schemas()
    for path in folder.glob("*.json"):
        if path.stem not in current:
            path.unlink()
    for event_type, schema in current.items():
        text = json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False)
        (folder / f"{event_type}.json").write_text(f"{text}\n", encoding="utf-8")


def read(folder: Path) -> dict[str, Schema]:
    """The schemas that `write` left in a folder."""
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")}


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m contracts.schemas DIR")
    write(Path(sys.argv[1]))
