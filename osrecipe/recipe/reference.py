"""The reference page of the recipe, `docs/reference/recipe.md`, made from the schema so that it can't go stale."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from osrecipe.recipe import schema as schemas
from osrecipe.recipe.patterns import PATTERNS
from osrecipe.recipe.regdata import FORMS
from osrecipe.recipe.templates import FILTERS

if TYPE_CHECKING:
    from osrecipe.recipe.schema import Object

_HEAD = """# The recipe

<!-- Made by `osrecipe.recipe.reference` from the models; a test fails when it is not current. -->

One YAML 1.2 file. Keys are closed: an unknown one is an error, and a key that would do nothing is unknown. What is
written more than once goes into [fragments](fragments.md). Paths of files are relative to the file that states them,
with forward slashes; paths inside an image have backslashes. `schemas/recipe.schema.json` is the same as this page for
editors.
"""
_TAIL = """## Registry

```yaml
registry:
  HKLM\\SOFTWARE\\Policies\\Contoso:       # roots in either form, in any case; the default user's hive is `HKCU`
    Enabled: 1                           # REG_DWORD
    Server: build.contoso.com            # REG_SZ
    Sites: [one, two]                    # REG_MULTI_SZ
    "": the key's default value
    Old: null                            # delete the value; in `expect`: it must be absent
  HKLM\\SOFTWARE\\Contoso\\Old: null       # delete the key with all below it; in `expect`: it must be absent
  HKLM\\SOFTWARE\\Contoso\\New: {}         # make the key; in `expect`: it must be there
```

Roots: `HKLM\\SOFTWARE`, `HKLM\\SYSTEM` (`CurrentControlSet` is followed), `HKLM\\SAM`, `HKLM\\SECURITY`, `HKLM\\COMPONENTS`,
`HKLM\\DRIVERS`, `HKCU` (the default user, whom new users start from), `HKU\\.DEFAULT` (LocalSystem), `HKCR`
(`SOFTWARE\\Classes`). The registry ignores case, so a key or value written twice in different letters is an error.

Other data is a map with one of these keys:

| key | data |
|---|---|
@forms@

Numbers may be written in decimal or as `0x…`; `dword` and `qword` also take them as text, for templates.

## Templates

`{{ vars.name }}` inside a text value is replaced by the variable, after the YAML has been read, so a value can never
change the structure. A template holds `vars.name` or `vars["my-name"]`, text in quotes, `~` to join, and the filters
@filters@. There are no blocks, loops, calls or comments, no environment and no files: what a recipe builds can be seen
in the recipe. The result is text; write `{dword: "{{ vars.n }}"}` for a number. Keys and `extends` take no templates. A
variable may use others, not in a circle. `{{ '{{' }}` is two braces.

## Limits

A file has at most 1 MiB and 64 levels; aliases may expand to 10,000 values; `<<` and tags other than `!append` are
refused. `yes`, `no`, `on` and `off` are text in YAML 1.2, and `17134.10` without quotes is a number that loses its zero:
quote versions.
"""

_TYPES = {
    "object": "map",
    "string": "text",
    "integer": "number",
    "boolean": "`true` or `false`",
    "null": "`null`",
}


def text() -> str:
    """The whole page."""
    sections = "\n".join(_sections())
    forms = "\n".join(
        f"| `{form}` | {meaning.replace('|', chr(92) + '|')} |" for form, meaning in FORMS.items()
    )
    forms += "\n| `type` | beside `hex`: the type's number, when it has no form of its own |"
    filters = ", ".join(f"`{f}`" for f in FILTERS)
    tail = _TAIL.replace("@forms@", forms).replace("@filters@", filters)
    return f"{_HEAD}\n{sections}\n{tail}"


def _sections() -> list[str]:
    """A section for every map with fixed keys, once, under the first path that leads to it."""
    out: list[str] = []
    done: set[str] = set()
    queue: list[tuple[str, Object]] = [("", schemas.core())]
    while queue:
        path, schema = queue.pop(0)
        if not path or "properties" in schema:
            out.append(_section(path, schema))
        deeper: list[tuple[str, Object]] = []
        for key, part in cast("Object", schema.get("properties", {})).items():
            for below, name, target in _below(f"{path}.{key}".lstrip("."), cast("Object", part)):
                if name not in done:
                    done.add(name)
                    deeper.append((below, target))
        queue = [*deeper, *queue]
    return out


def _below(path: str, schema: Object) -> list[tuple[str, str, Object]]:
    """The named definitions a value's schema leads to, with the path of their content."""
    ref = str(schema.get("$ref", "")).rpartition("/")[2]
    if ref in schemas.REGISTRY_MAPS:
        return []
    if ref:
        return [(path, ref, schemas.resolve(schema))]
    found: list[tuple[str, str, Object]] = []
    for option in cast("list[Object]", schema.get("anyOf", [])):
        found += _below(path, option)
    if isinstance(content := schema.get("additionalProperties"), dict):
        found += _below(f"{path}.<id>", content)
    if isinstance(content := schema.get("items"), dict):
        found += _below(f"{path}[]", content)
    return found


def _section(path: str, schema: Object) -> str:
    required = cast("list[str]", schema.get("required", []))
    properties = cast("Object", schema["properties"])
    head = required[0] if path.startswith("inputs.") else ""
    title = f"## `{path}`{f' with `{head}`' if head else ''}" if path else "## Keys"
    rows = [_row(key, cast("Object", part), needed=key in required) for key, part in properties.items()]
    table = "\n".join(["| key | value | default | meaning |", "|---|---|---|---|", *rows])
    return f"{title}\n\n{schema.get('description', '')}\n\n{table}\n"


def _row(key: str, schema: Object, *, needed: bool) -> str:
    examples = cast("list[object]", schema.get("examples", []))
    meaning = str(schema.get("description", ""))
    if examples:
        meaning += f" Example: `{_yaml(examples[0])}`"
    default = "**required**" if needed else _default(schema)
    cells = [f"`{key}`", _value(schema), default, meaning]
    return "| " + " | ".join(c.replace("|", "\\|") for c in cells) + " |"


def _default(schema: Object) -> str:
    if "default" not in schema:
        return ""
    return f"`{_yaml(schema['default'])}`"


def _value(schema: Object) -> str:
    """What can be written, in a few words."""
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_value(o) for o in cast("list[Object]", schema["anyOf"])))
    if words := [schema["const"]] if "const" in schema else cast("list[object]", schema.get("enum", [])):
        return " or ".join(f"`{w}`" for w in words)
    content = schema.get("items", schema.get("additionalProperties"))
    if isinstance(content, dict):
        return f"{'list' if 'items' in schema else 'map'} of {_value(content)}"
    if isinstance(pattern := schema.get("pattern"), str):
        return _patterned(pattern)
    return _TYPES[str(schema.get("type", "object"))]


def _patterned(pattern: str) -> str:
    words = PATTERNS[pattern]
    return "id" if words.startswith("a name that starts") else words


def _yaml(value: object) -> str:
    """A value in YAML's flow style, without quotes where none are needed."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {_yaml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_yaml(v) for v in value) + "]"
    if isinstance(value, str):
        plain = value and value[0].isalpha() and not set(value) & set(":#{}[],&*|>\"'")
        return value if plain else json.dumps(value, ensure_ascii=False)
    return json.dumps(value)
