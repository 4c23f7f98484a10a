"""The JSON schema of what users write, made from the models and the forms that are shorter than the models.

One schema serves the editor, the structure check of the loader (`shape`), the hints and the reference page.
`core()` is strict and of the recipe after merging and templating; `build()` is of one file as an editor sees it.
"""

from __future__ import annotations

import json
from copy import deepcopy
from functools import lru_cache
from typing import Literal, cast

from pydantic import JsonValue

from osrecipe.model.names import ID_PATTERN
from osrecipe.model.recipe import SCHEMA, Recipe
from osrecipe.recipe.editor import annotate
from osrecipe.recipe.examples import EXAMPLES
from osrecipe.recipe.hives import SHORT
from osrecipe.recipe.regdata import FORMS, MAX_DWORD, MAX_NAME, MAX_QWORD

Object = dict[str, JsonValue]
FileKind = Literal["recipe", "fragment"]

FILE_NAMES: dict[FileKind, str] = {"recipe": "recipe.schema.json", "fragment": "fragment.schema.json"}
REGISTRY_MAPS = ("RegistryChanges", "RegistryExpectations")
"""Definitions whose content `recipe.registry` reads, not the structure check."""

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TEMPLATE = r"\{\{"
_OPTIONAL = "x-optional"
"""Marks, inside this module, a key without a default."""


@lru_cache(maxsize=1)
def core() -> Object:
    """The strict schema; callers must not change it."""
    raw = cast("Object", Recipe.model_json_schema(by_alias=True, mode="validation"))
    defs = _map(raw.pop("$defs"))
    whole: Object = {**raw, "$defs": {**defs, **_registry_definitions()}}
    _written_forms(whole)
    tidy = _map(_tidy(whole))
    _prune(tidy)
    _annotate(tidy)
    return tidy


def build(kind: FileKind = "recipe") -> Object:
    """The schema for an editor: `null` drops what a fragment gave, templates stand where a pattern would."""
    out = _map(deepcopy(core()))
    required = cast("list[JsonValue]", out.pop("required"))
    definitions = _map(out["$defs"])
    targets = _map(definitions["Targets"])
    in_targets = targets.pop("required")
    _droppable(out)
    for definition in definitions.values():
        _droppable(_map(definition))
    _templates(out)
    annotate(out)
    if kind == "recipe":
        out["if"] = {"required": ["extends"]}
        out["else"] = {"required": required, "properties": {"targets": {"required": in_targets}}}
    head: Object = {"$schema": _DIALECT, "$id": f"urn:{SCHEMA.replace('/', ':')}:{kind}"}
    noun = "An osrecipe recipe" if kind == "recipe" else "A fragment of osrecipe recipes"
    return {**head, "title": noun, **out}


def dump(kind: FileKind = "recipe") -> str:
    """The schema as text, the same in every run."""
    return json.dumps(build(kind), indent=2, ensure_ascii=False) + "\n"


def resolve(schema: Object) -> Object:
    """Follow a `$ref` into the definitions of `core()`; what stands beside the reference stays on top."""
    ref = schema.get("$ref")
    if not isinstance(ref, str):
        return schema
    target = _map(_map(core()["$defs"])[ref.rpartition("/")[2]])
    return {**target, **{k: v for k, v in schema.items() if k != "$ref"}}


def _map(value: JsonValue) -> Object:
    if not isinstance(value, dict):
        msg = f"a schema's part is no map: {type(value).__name__}"
        raise TypeError(msg)
    return value


def _written_forms(whole: Object) -> None:
    """Replace the models' normal forms by what people write."""
    defs = _map(whole["$defs"])

    def prop(name: str, key: str) -> Object:
        return _map(_map(_map(defs[name])["properties"])[key])

    for model, definition in (("Tweak", REGISTRY_MAPS[0]), ("ExpectImage", REGISTRY_MAPS[1])):
        registry = prop(model, "registry")
        for word in ("items", "type"):
            registry.pop(word, None)
        registry |= {"$ref": f"#/$defs/{definition}", "default": {}}
    ordering = prop("Updates", "ordering")
    ordering.pop("$ref")
    use = prop("Ordering", "use")
    ordering |= {"anyOf": [{"enum": use["enum"]}, {"$ref": "#/$defs/Ordering"}], "default": "auto"}
    unattend = prop("InstallTarget", "unattend")
    whole_form = _map(next(o for o in cast("list[JsonValue]", unattend.pop("anyOf")) if "$ref" in _map(o)))
    by_id: Object = {"type": "string", "pattern": ID_PATTERN}
    unattend.update({"anyOf": [by_id, whole_form], _OPTIONAL: True})
    unattend.pop("default", None)
    drivers = _map(_map(whole["properties"])["drivers"])
    [(key, whole_use)] = _map(drivers["patternProperties"]).items()
    targets: Object = {k: v for k, v in prop("DriverUse", "targets").items() if k != "description"}
    drivers["patternProperties"] = {
        key: {"anyOf": [targets, whole_use]}
    }  # a list of targets is the short form
    prop("Output", "iso")["pattern"] = r"\.[Ii][Ss][Oo]$"


def _registry_definitions() -> Object:
    value: Object = {"$ref": "#/$defs/RegistryValue"}
    roots = _key_pattern()

    def keys(deleted_key: str, deleted_value: str) -> Object:
        values: Object = {
            "type": "object",
            "propertyNames": {"maxLength": MAX_NAME, "not": {"const": "@"}},
            "additionalProperties": {"anyOf": [value, {"type": "null", "description": deleted_value}]},
        }
        return {
            "type": "object",
            "propertyNames": {"pattern": roots},
            "additionalProperties": {"anyOf": [values, {"type": "null", "description": deleted_key}]},
        }

    return {
        REGISTRY_MAPS[0]: {
            "description": 'Key → value name → data; `""` is the default value. An empty map makes the key.',
            **keys("Delete the key with all below it.", "Delete the value."),
        },
        REGISTRY_MAPS[1]: {
            "description": 'Key → value name → data; `""` is the default value. An empty map: the key is there.',
            **keys("The key must be absent.", "The value must be absent."),
        },
        "RegistryValue": {"description": "Registry data.", "anyOf": _data_forms()},
    }


def _data_forms() -> list[JsonValue]:
    text: Object = {"type": "string"}
    lines: Object = {"type": "array", "items": {"type": "string", "minLength": 1}}
    kinds: dict[str, Object] = {
        "multi": lines,
        "dword": _number(MAX_DWORD),
        "qword": _number(MAX_QWORD),
        "hex": {"type": "string", "pattern": r"^([0-9a-fA-F]{2}([ ,\s]*[0-9a-fA-F]{2})*)?$"},
    }
    forms: list[JsonValue] = [
        {"type": "integer", "minimum": 0, "maximum": MAX_DWORD, "description": "REG_DWORD."},
        {"type": "string", "description": "REG_SZ."},
        {**lines, "description": "REG_MULTI_SZ."},
    ]
    for form, meaning in FORMS.items():
        properties: Object = {
            form: {**kinds.get(form, text), "description": f"{meaning[0].upper()}{meaning[1:]}."}
        }
        if form == "hex":
            number: Object = {"type": "integer", "minimum": 0, "maximum": MAX_DWORD}
            properties["type"] = {
                **number,
                "description": "The type's number, when it has no form of its own.",
            }
        forms.append(
            {"type": "object", "properties": properties, "required": [form], "additionalProperties": False}
        )
    return forms


def _number(most: int) -> Object:
    return {
        "anyOf": [
            {"type": "integer", "minimum": 0, "maximum": most},
            {"type": "string", "pattern": "^([0-9]{1,20}|0x[0-9a-fA-F]{1,16})$"},
        ]
    }


def _key_pattern() -> str:
    def any_case(words: tuple[str, ...]) -> str:
        return "|".join(dict.fromkeys(form for w in words for form in (w, w.capitalize(), w.lower())))

    machine = any_case(("SOFTWARE", "SYSTEM", "SAM", "SECURITY", "COMPONENTS", "DRIVERS"))
    hives = (
        rf"({any_case(SHORT['HKLM'])})\\({machine})",
        rf"({any_case(SHORT['HKCU'] + SHORT['HKCR'])})",
        rf"({any_case(SHORT['HKU'])})\\\.({any_case(('DEFAULT',))})",
    )
    return rf"^({'|'.join(hives)})(\\[^\\]+)*$"


def _tidy(value: JsonValue) -> JsonValue:
    """Take out what pydantic says and an editor's user does not need."""
    if isinstance(value, list):
        return [_tidy(v) for v in value]
    if not isinstance(value, dict):
        return value
    out: Object = {}
    for key, part in value.items():
        if key in {"properties", "$defs"}:
            out[key] = {name: _tidy(p) for name, p in _map(part).items()}
        elif key == "title" or (key == "default" and part is None) or (key == "default" and _nested(part)):
            continue
        elif key == "patternProperties":
            [(pattern, content)] = _map(part).items()
            out |= {"propertyNames": {"pattern": pattern}, "additionalProperties": _tidy(content)}
        else:
            out[key] = _tidy(part)
    return _without_null(out)


def _nested(default: JsonValue) -> bool:
    """A default that only repeats the defaults of the keys below it."""
    return isinstance(default, dict) and bool(default)


def _without_null(schema: Object) -> Object:
    """`X or null` is how a model says "may be left out"; in a recipe the key is left out."""
    options = schema.get("anyOf")
    if not isinstance(options, list) or {"type": "null"} not in options:
        return schema
    rest = [o for o in options if o != {"type": "null"}]
    if len(rest) > 1:
        return {**schema, "anyOf": rest, _OPTIONAL: True}
    return {**_map(rest[0]), **{k: v for k, v in schema.items() if k != "anyOf"}, _OPTIONAL: True}


def _prune(whole: Object) -> None:
    """Drop definitions nothing refers to."""
    defs = _map(whole["$defs"])
    text = {name: json.dumps(d) for name, d in defs.items()}
    used: set[str] = set()
    queue = [json.dumps({k: v for k, v in whole.items() if k != "$defs"})]
    while queue:
        here = queue.pop()
        new = {n for n in defs if f'"#/$defs/{n}"' in here} - used
        used |= new
        queue += [text[n] for n in new]
    whole["$defs"] = {name: d for name, d in sorted(defs.items()) if name in used}


def _annotate(whole: Object) -> None:
    """Give every key a description and, where a value is free, an example."""
    defs = _map(whole["$defs"])
    for name, schema in [("Recipe", whole), *defs.items()]:
        for key, part in _map(_map(schema).get("properties", {})).items():
            prop = _map(part)
            ref = prop.get("$ref")
            if "description" not in prop and isinstance(ref, str):
                prop["description"] = _map(defs[ref.rpartition("/")[2]])["description"]
            if f"{name}.{key}" in EXAMPLES:
                prop["examples"] = [EXAMPLES[f"{name}.{key}"]]
    files = _map(_map(_map(defs["Tweak"])["properties"])["files"])
    files["additionalProperties"] = {
        "anyOf": [
            files["additionalProperties"],
            {"type": "null", "description": "Delete the file or folder."},
        ]
    }


def _droppable(schema: Object) -> None:
    """Allow `null` where it drops what a fragment gave: entries of maps by id, and keys without a default."""
    properties = schema.get("properties")
    if not isinstance(properties, dict):
        return
    for key, part in properties.items():
        prop = _map(part)
        if "propertyNames" in prop and key != "files":
            prop["additionalProperties"] = _or_null(_map(prop["additionalProperties"]))
        if prop.pop(_OPTIONAL, False):
            properties[key] = _or_null(prop)


def _or_null(schema: Object) -> Object:
    described = {k: v for k, v in schema.items() if k in {"description", "default", "examples"}}
    bare = {k: v for k, v in schema.items() if k not in described}
    null: Object = {"type": "null", "description": "Drop what a fragment gave."}
    options = bare.get("anyOf")
    if isinstance(options, list) and len(bare) == 1:
        return {**described, "anyOf": [*options, null]}
    if set(bare) == {"type", "minLength", "maxLength"}:
        return {**described, **bare, "type": ["string", "null"]}
    return {**described, "anyOf": [bare, null]}


def _templates(value: JsonValue, *, names: bool = False) -> None:
    """Let a template stand where a value has a pattern; what it becomes is checked by the loader."""
    if isinstance(value, list):
        for part in value:
            _templates(part)
    elif isinstance(value, dict):
        pattern = value.get("pattern")
        if isinstance(pattern, str) and not names:
            value["pattern"] = f"{pattern}|{_TEMPLATE}"
        for key, part in value.items():
            _templates(part, names=key == "propertyNames")
