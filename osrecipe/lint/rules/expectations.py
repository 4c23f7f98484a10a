"""Rules about what is expected of the finished media."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrecipe.lint.rule import Facts, Hit, Severity, rule
from osrecipe.model.facts import UpdateKind
from osrecipe.model.recipe import TARGETS
from osrecipe.model.version import Version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osrecipe.lint.subject import Subject
    from osrecipe.model.recipe import ExpectImage


@rule(
    "nothing-expected",
    Severity.WARNING,
    says="the recipe expects nothing of the finished media",
    why="Every task is verified, but nobody says what the whole is for. One `build` or one registry value under `expect` "
    "stops a run whose media is not what was wanted; builds that did not change after `success` are a known pain.",
    source="the trackers of image builders: unchanged builds after successful runs",
)
def nothing_expected(subject: Subject) -> Iterator[Hit]:
    """Recipes without `expect`."""
    expect = subject.recipe.expect
    if not any(_says(getattr(expect, target)) for target in TARGETS):
        loc = ("expect",) if subject.wrote("expect") else ("output",)
        yield Hit(loc, "nothing is expected of the finished media", 'add `expect: {install: {build: "…"}}`')


def _says(image: ExpectImage | None) -> bool:
    return image is not None and (image.build is not None or bool(image.registry) or bool(image.files))


@rule(
    "expected-build",
    Severity.ERROR,
    Facts.NEEDED,
    says="`expect` states another revision than the cumulative update brings",
    why="The run will do all its work and then fail. Mostly the update was bumped and the expectation was not.",
    source="the cumulative update's own version, as its package states it",
)
def expected_build(subject: Subject) -> Iterator[Hit]:
    """Expectations the updates can't meet."""
    for target in TARGETS:
        image: ExpectImage | None = getattr(subject.recipe.expect, target)
        if image is None or image.build is None:
            continue
        wanted = Version.parse(image.build)
        for name, facts in subject.updates(UpdateKind.CUMULATIVE):
            # a cumulative update's package is numbered `17134.228.1.0` for Windows 10.0.17134.228
            build, revision = facts.package.version.major, facts.package.version.minor
            newer = all(
                (i.version.build, i.version.revision) < (build, revision) for i in subject.images(target)
            )
            if (
                target in (subject.goes_to(name) or ())
                and newer
                and build == wanted.build
                and revision != wanted.revision
            ):
                reason = (
                    f"`{target}` will have build {build}.{revision}, not {wanted.build}.{wanted.revision}"
                )
                hint = f'`{name}` brings it: write "10.0.{build}.{revision}"'
                yield Hit(("expect", target, "build"), reason, hint)
