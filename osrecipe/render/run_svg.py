"""A run as a picture: lanes over time, units as bars, tasks as their segments. One self-contained SVG without scripts.

Legible on light and dark grounds, and without colour: what came from the store is hatched, what failed is crossed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from osrecipe.render import words
from osrecipe.render.markup import html
from osrecipe.render.palette import DARK, FAMILIES, LIGHT, family
from osrecipe.render.style import clean, cut
from osrecipe.render.timeline import timeline

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osrecipe.model.plan import Plan, Task
    from osrecipe.model.result import RunResult
    from osrecipe.render.timeline import Bar, Row, Segment, Timeline

WIDTH = 960
_LEFT = 212
_RIGHT = 16
_TOP = 62
_LINE = 30
_BAR = 22
_LANE_GAP = 8
_STORED = 16
"""Width of the mark of a unit that came from the store."""
_CHAR = 6.3
"""Average width of a character of the labels; the font is whatever the reader has."""
_LEGEND_CHAR = 5.9
_MOST_ROWS = 150
_MOST_STORED = 12
"""Marks of stored units a lane gets; there is no more room for them."""
_MOST_TICKS = 9
_STEPS = (
    100,
    200,
    500,
    *(1000 * s for s in (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)),
)
_MINUTE, _HOUR = 60_000, 3_600_000

_HATCH = (
    '<defs><pattern id="osr-hatch" width="6" height="6" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(45)"><path class="hatch" d="M0 0V6"/></pattern></defs>'
)


@dataclass(frozen=True)
class _Scale:
    """From milliseconds to pixels."""

    left: float
    width: float
    end: int

    def x(self, milliseconds: int) -> float:
        return self.left + self.width * milliseconds / max(self.end, 1)


def svg(result: RunResult, plan: Plan) -> str:
    """The picture of a run of `plan`, about 960 wide and as high as it has lanes."""
    time = timeline(result, plan)
    rows = time.rows[:_MOST_ROWS]
    stored = min(max((len(row.cached) for row in rows), default=0), _MOST_STORED)
    left = _LEFT + (stored * _STORED + 14 if stored else 0)
    scale = _Scale(left, WIDTH - left - _RIGHT, time.end)
    tops, bottom = _tops(rows)
    height = bottom + 58
    title = f"{clean(result.recipe)}: {words.ENDS[result.exit_code]}, {words.duration(result.milliseconds)}"
    parts = [
        _opening(height, title),
        _style(),
        _HATCH,
        f'<rect class="ground" width="{WIDTH}" height="{height}" rx="6"/>',
        _text(16, 26, title, "title"),
        *_axis(scale, bottom),
        *_rows(rows, tops, scale),
        *_legend(bottom + 34, time, left_out=len(time.rows) - len(rows)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _opening(height: int, title: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="osr-run" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" role="img" aria-label="{html(title)}">'
    )


def _tops(rows: tuple[Row, ...]) -> tuple[list[int], int]:
    """Where each lane begins, and where the last one ends."""
    tops, y = [], _TOP
    for row in rows:
        tops.append(y)
        y += max(len(row.lines), 1) * _LINE + _LANE_GAP
    return tops, y


def _style() -> str:
    families = "".join(f".osr-run .{name}{{fill:{color}}}" for name, color in LIGHT.items())
    dark = "".join(f".osr-run .{name}{{fill:{color}}}" for name, color in DARK.items())
    return (
        "<style>"
        ".osr-run{font:11px ui-sans-serif,system-ui,sans-serif}"
        ".osr-run .ground{fill:#fff}.osr-run text{fill:#1f2328}.osr-run .title{font-size:15px;font-weight:600}"
        ".osr-run .lane{font-weight:600;font-size:12px}.osr-run .soft{fill:#59636e}"
        ".osr-run .grid{stroke:#d8dee4;fill:none}.osr-run .hatch{stroke:#59636e;stroke-width:2;fill:none}"
        ".osr-run .edge{fill:none;stroke:#59636e}.osr-run .rest.edge{fill:#f3f5f7}.osr-run .path{fill:none;stroke:#b3261e;stroke-width:2.5}"
        ".osr-run .stored{fill:url(#osr-hatch);stroke:#59636e}.osr-run .cut{stroke:#fff;stroke-width:1}"
        ".osr-run .failed{fill:#c93c33}.osr-run .on-failed{fill:#fff;font-weight:600}.osr-run .cross{stroke:#fff;stroke-width:2;fill:none}"
        ".osr-run .vain{opacity:.45}.osr-run .rest{fill:#f3f5f7}"
        f"{families}"
        "@media(prefers-color-scheme:dark){"
        ".osr-run .ground{fill:#0d1117}.osr-run text{fill:#e6edf3}.osr-run .soft{fill:#9198a1}"
        ".osr-run .grid{stroke:#2b323b}.osr-run .hatch,.osr-run .edge,.osr-run .stored{stroke:#9198a1}"
        ".osr-run .path{stroke:#ff8f86}.osr-run .cut{stroke:#0d1117}.osr-run .on-failed{fill:#fff}"
        ".osr-run .rest,.osr-run .rest.edge{fill:#1a2029}"
        f"{dark}"
        "}</style>"
    )


def _axis(scale: _Scale, bottom: int) -> Iterator[str]:
    step = next((s for s in _STEPS if scale.end / s <= _MOST_TICKS), 0)
    if not step:
        step = -(-scale.end // (_MOST_TICKS * _HOUR)) * _HOUR
    for at in range(0, scale.end + 1, step):
        x = scale.x(at)
        yield f'<path class="grid" d="M{x:.1f} {_TOP - 10}V{bottom - 4}"/>'
        if x < WIDTH - 28:
            yield _text(x, _TOP - 16, _tick(at), "soft", anchor="middle")


def _tick(milliseconds: int) -> str:
    """A time on the axis: `0`, `0.5 s`, `30 s`, `1:30 min`, `2:00 h`."""
    if milliseconds < _MINUTE:
        tenths = milliseconds % 1000 // 100
        seconds = f"{milliseconds // 1000}.{tenths}" if tenths else f"{milliseconds // 1000}"
        return f"{seconds} s" if milliseconds else "0"
    if milliseconds < _HOUR:
        rest = milliseconds % _MINUTE // 1000
        return f"{milliseconds // _MINUTE}:{rest:02d} min" if rest else f"{milliseconds // _MINUTE} min"
    rest = milliseconds % _HOUR // _MINUTE
    return f"{milliseconds // _HOUR}:{rest:02d} h" if rest else f"{milliseconds // _HOUR} h"


def _rows(rows: tuple[Row, ...], tops: list[int], scale: _Scale) -> Iterator[str]:
    for row, top in zip(rows, tops, strict=True):
        yield from _label(row, top)
        for number, unit in enumerate(row.cached[:_MOST_STORED]):
            x = _LEFT + number * _STORED
            tip = f"<title>{html(unit.id)}: from the store, {words.count(len(unit.tasks), 'task')}</title>"
            yield f'<rect class="stored" x="{x}" y="{top}" width="{_STORED - 4}" height="{_BAR}" rx="2">{tip}</rect>'
        for number, line in enumerate(row.lines):
            for bar in line:
                yield from _bar(bar, top + number * _LINE, scale)
        if not row.lines and not row.cached:
            yield _text(scale.left + 6, top + 15, "not run", "soft")


def _label(row: Row, top: int) -> Iterator[str]:
    room = int((_LEFT - 40) / _CHAR)
    name = clean(row.lane.name) if row.lane.name != row.lane.id else ""
    yield _text(16, top + (10 if name else 15), cut(clean(row.lane.id), room), "lane")
    if name:
        yield _text(16, top + 23, cut(name, room), "soft")


def _bar(bar: Bar, y: int, scale: _Scale) -> Iterator[str]:
    x, end = scale.x(bar.start), scale.x(bar.end)
    width = max(end - x, 1.5)
    tip = f"{clean(bar.unit.id)}: {bar.status}, {words.duration(bar.end - bar.start)}"
    yield f'<g><title>{html(tip)}</title><rect class="rest" x="{x:.1f}" y="{y}" width="{width:.1f}" height="{_BAR}"/>'
    for segment in bar.segments:
        yield from _segment(segment, y, scale)
    ink = "path" if bar.critical else "edge"
    yield f'<rect class="{ink}" x="{x:.1f}" y="{y}" width="{width:.1f}" height="{_BAR}" rx="2"/></g>'


def _segment(segment: Segment, y: int, scale: _Scale) -> Iterator[str]:
    x, end = scale.x(segment.start), scale.x(segment.end)
    failed = segment.status == "failed"
    width = max(end - x, 4.0 if failed else 0.0)
    if width < 1:
        return  # thinner than a line
    fill = "failed" if failed else family(segment.task)
    vain = " vain" if segment.status == "discarded" else ""
    tip = f"{clean(segment.task.id)}: {clean(segment.task.title)}, {segment.status}, "
    tip += words.duration(segment.end - segment.start)
    yield (
        f'<g><title>{html(tip)}</title><rect class="{fill}{vain}" x="{x:.1f}" y="{y}" width="{width:.1f}" '
        f'height="{_BAR}"/><path class="cut" d="M{x + width:.1f} {y}v{_BAR}"/>'
    )
    if failed:
        yield f'<path class="cross" d="M{min(x + 5, x + width / 2 - 4):.1f} {y + 7}l8 8m0 -8l-8 8"/>'
    indent = 17 if failed else 4
    label = _fitting(segment.task, (width - indent) * (0.9 if failed else 1))  # it is bold
    if label:
        yield _text(x + indent, y + 15, label, "on-failed" if failed else "")
    yield "</g>"


def _fitting(task: Task, width: float) -> str:
    """The task's short name when enough of it fits."""
    name = clean(task.id).rpartition("/")[2]
    room = int((width - 2) / _CHAR)
    if len(name) <= room:
        return name
    return cut(name, room) if room >= 5 else ""  # noqa: PLR2004 - fewer letters say nothing


def _legend(y: int, time: Timeline, *, left_out: int) -> Iterator[str]:
    x = 16.0
    for name, said in FAMILIES.items():
        yield f'<rect class="{name}" x="{x:.0f}" y="{y - 9}" width="12" height="12" rx="2"/>'
        yield _text(x + 17, y + 1, said, "soft")
        x += 17 + len(said) * _LEGEND_CHAR + 14
    for name, said in (
        ("rest edge", "opening, saving"),
        ("path", "what took longest"),
        ("stored", "from the store"),
    ):
        yield f'<rect class="{name}" x="{x:.0f}" y="{y - 9}" width="12" height="12" rx="2"/>'
        yield _text(x + 17, y + 1, said, "soft")
        x += 17 + len(said) * _LEGEND_CHAR + 14
    notes = [] if time.recorded or not time.end else ["start times were not recorded: earliest possible ones"]
    if left_out:
        notes.append(f"{words.count(left_out, 'more lane')} left out")
    if notes:
        yield _text(16, y + 18, "; ".join(notes), "soft")


def _text(x: float, y: float, said: str, name: str, *, anchor: str = "") -> str:
    kind = f' class="{name}"' if name else ""
    where = f' text-anchor="{anchor}"' if anchor else ""
    return f'<text{kind} x="{x:.1f}" y="{y:.1f}"{where}>{html(said)}</text>'
