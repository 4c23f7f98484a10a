"""Recipes written as untidily as YAML allows, with comments everywhere, for properties of the formatter."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_TEXTS = (
    "plain",
    "two words",
    '"q # not"',
    "'it''s'",
    r"C:\x",
    "a#b",
    '"{{ vars.v }}"',
    '"say \\"so\\""',
    "7",
    "~",
)
_LONG = ('"over\n{}two lines"', "over\n{}two lines", "'over\n\n{}three'")
_HEADS = ("|", ">", "|-", ">-", "|+")


class _Pen:
    """Writes lines with comments that are all different."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311 - test data
        self.lines: list[str] = []
        self.count = 0

    def one_of(self, *choices: str) -> str:
        return self.random.choice(choices)

    def number(self, least: int, most: int) -> int:
        return self.random.randint(least, most)

    def chance(self, of: int = 3) -> bool:
        return self.number(1, of) == 1

    def comment(self) -> str:
        self.count += 1
        return f"# comment {self.count}"

    def behind(self) -> str:
        return self.one_of(" ", "    ") + self.comment() if self.chance() else ""

    def above(self, indent: int) -> None:
        while self.chance(4):
            further = self.number(0, 3)
            self.lines.append("" if self.chance() else " " * (indent + further) + self.comment())

    def entries(self, indent: int, parts: dict[str, Callable[[int, str], None]]) -> None:
        for key in self.random.sample(list(parts), len(parts)):
            self.above(indent)
            parts[key](indent, f"{' ' * indent}{key}:")

    def flow(self, *words: str) -> str:
        comma = self.one_of(", ", ",", " , ", f", {self.comment()}\n                ")
        inside = comma.join(words)
        return self.one_of(f"{{{inside}}}", f"{{ {inside} }}")

    def value(self, indent: int, start: str) -> None:
        form = self.one_of("short", "long", "block")
        if form == "short":
            self.lines.append(start + self.one_of(" ", "   ") + self.one_of(*_TEXTS[:-2]) + self.behind())
        elif form == "long":
            text = self.one_of(*_LONG).format(" " * (indent + self.number(1, 5)))
            self.lines += (start + " " + text + self.behind()).split("\n")
        else:
            inner = " " * (indent + self.number(1, 4))
            self.lines.append(start + " " + self.one_of(*_HEADS) + self.behind())
            self.lines += [f"{inner}text # not a comment", "", f"{inner}  more"]


def scruffy_recipe(seed: int) -> str:
    """A valid recipe, laid out badly; the same seed gives the same text."""
    pen = _Pen(seed)

    def line(text: str) -> Callable[[int, str], None]:
        return lambda _indent, start: pen.lines.append(f"{start} {text}{pen.behind()}")

    def tweak(indent: int, start: str) -> None:
        pen.lines.append(start + pen.behind())
        pen.entries(
            indent + pen.number(1, 4),
            {
                "reg-file": line("a.reg"),
                "because": pen.value,
                "when": line(pen.flow('build: ">=17134"', "edition: [Pro,Home]")),
                "registry": registry,
                "files": line(pen.flow(r"Windows\OEM: oem", "Windows/Old: null")),
            },
        )

    def registry(indent: int, start: str) -> None:
        pen.lines.append(start + pen.behind())
        inner = indent + pen.number(1, 4)
        pen.entries(
            inner,
            {
                r"HKLM\SOFTWARE\B": line(pen.flow("b: 1", 'h: {type: 100,hex: "ab"}', "l: [x , y]")),
                r"HKLM\SOFTWARE\A": values,
            },
        )

    def values(indent: int, start: str) -> None:
        pen.lines.append(start + pen.behind())
        pen.value(indent + 2, f"{' ' * (indent + 2)}Text:")

    def select(indent: int, start: str) -> None:
        pen.lines.append(start + pen.behind())
        at = " " * (indent + pen.number(0, 3))
        pen.lines += [f"{at}- edition: Pro{pen.behind()}"]
        pen.above(len(at) + 2)
        pen.lines += [f"{at}  name: Windows{pen.behind()}", f"{at}- {{index: 3,name: x}}{pen.behind()}"]

    def install(indent: int, start: str) -> None:
        pen.lines.append(start + pen.behind())
        pen.entries(
            indent + pen.number(1, 4),
            {"tweaks": tweaks, "cleanup": line("none"), "select": select, "others": line("drop")},
        )

    def tweaks(indent: int, start: str) -> None:
        pen.lines.append(start + pen.behind())
        pen.entries(indent + pen.number(1, 4), {"zebra": tweak, "ant": tweak})

    def targets(indent: int, start: str) -> None:
        pen.lines.append(start + pen.behind())
        pen.entries(indent + pen.number(1, 4), {"setup": line("{}"), "install": install})

    pen.entries(
        0,
        {
            "output": line(pen.one_of("{iso: out/t.iso}", "{ iso:   out/t.iso }")),
            "schema": line("osrecipe/1"),
            "name": line("scruffy"),
            "vars": line("{v: text}"),
            "inputs": line(pen.flow("media: {iso: w.iso}", "oem: {folder: f}")),
            "source": line("media"),
            "targets": targets,
            "description": pen.value,
        },
    )
    pen.above(0)
    return "\n".join(pen.lines) + pen.one_of("\n", "\n\n")
