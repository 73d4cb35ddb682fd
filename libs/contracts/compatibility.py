"""Finds changes of a JSON Schema that break its readers or stored events."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]
_PROSE = frozenset({"$schema", "$id", "$defs", "title", "description", "examples"})
_COMPARED_APART = frozenset({"properties", "required", "anyOf", "items", "enum", "const"})


def breaks(old: Schema, new: Schema) -> list[str]:
    """A sentence for each break; `[]` if only optional fields were added or descriptions changed.

    Strict in both directions, because old and new services run side by side: the new one must read what is stored, and
    the old one what the new one writes.
    """
    return list(_breaks("data", old, new, old, new))


def _breaks(at: str, old: Schema, new: Schema, old_root: Schema, new_root: Schema) -> Iterator[str]:
    old, new = _resolved(old, old_root), _resolved(new, new_root)
    for keyword in sorted((old.keys() | new.keys()) - _PROSE - _COMPARED_APART):
        if old.get(keyword) != new.get(keyword):
            yield f"{at}: {keyword} was {_shown(old, keyword)} and is {_shown(new, keyword)}"
    yield from _values(at, old, new)
    yield from _fields(at, old, new, old_root, new_root)
    if "items" in old or "items" in new:
        yield from _breaks(f"{at}[]", old.get("items", {}), new.get("items", {}), old_root, new_root)
    yield from _alternatives(at, old, new, old_root, new_root)


def _values(at: str, old: Schema, new: Schema) -> Iterator[str]:
    """Changes of enumerations; a constant is one of a single value."""
    before, after = (each.get("enum", [each["const"]] if "const" in each else None) for each in (old, new))
    if before is None or after is None:
        if before != after:
            yield f"{at}: was {before or 'open'} and is {after or 'open'}"
        return
    yield from (f"{at}: the value {value!r} is gone" for value in before if value not in after)
    yield from (f"{at}: the value {value!r} is new" for value in after if value not in before)


def _fields(at: str, old: Schema, new: Schema, old_root: Schema, new_root: Schema) -> Iterator[str]:
    before, after = old.get("properties", {}), new.get("properties", {})
    needed_before, needed_after = set(old.get("required", ())), set(new.get("required", ()))
    yield from (f"{at}.{name}: is gone" for name in sorted(before.keys() - after.keys()))
    yield from (f"{at}.{name}: is newly required" for name in sorted(needed_after - needed_before))
    yield from (f"{at}.{name}: may be missing" for name in sorted((needed_before - needed_after) & after.keys()))
    if old.get("additionalProperties") is False:
        yield from (f"{at}.{name}: is new in a closed object" for name in sorted(after.keys() - before.keys()))
    for name in sorted(before.keys() & after.keys()):
        yield from _breaks(f"{at}.{name}", before[name], after[name], old_root, new_root)


def _alternatives(at: str, old: Schema, new: Schema, old_root: Schema, new_root: Schema) -> Iterator[str]:
    before = sorted((_resolved(each, old_root) for each in old.get("anyOf", ())), key=_kind)
    after = sorted((_resolved(each, new_root) for each in new.get("anyOf", ())), key=_kind)
    if [_kind(each) for each in before] != [_kind(each) for each in after]:
        yield f"{at}: was {[_kind(each) for each in before]} and is {[_kind(each) for each in after]}"
        return
    for one, other in zip(before, after, strict=True):
        yield from _breaks(at, one, other, old_root, new_root)


def _resolved(schema: Schema, root: Schema) -> Schema:
    """The schema that a `$ref` refers to, with the keywords beside it."""
    if "$ref" not in schema:
        return schema
    target = root["$defs"][schema["$ref"].removeprefix("#/$defs/")]
    return {**target, **{key: value for key, value in schema.items() if key != "$ref"}}


def _kind(schema: Schema) -> str:
    return f"{schema.get('type', 'any')} {schema.get('format', '')}".strip()


def _shown(schema: Schema, keyword: str) -> str:
    return json.dumps(schema[keyword]) if keyword in schema else "open"
