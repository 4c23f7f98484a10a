"""`/Apply-Unattend`: the offlineServicing pass of an answer file (dism fact sheet §2).

Packages, driver paths and a few settings with a registry value are carried out. Everything else is passed over
without a word, as there is no check of applicability: the command succeeds and nothing was applied.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, ParseError

from defusedxml.ElementTree import fromstring

from standin.codes import DismError
from standin.drivers import add_driver
from standin.hivefile import Hive, dword, sz
from standin.hostpaths import existing_file
from standin.imagetree import find
from standin.imageversion import SOFTWARE
from standin.intl import set_system_locale, set_time_zone, set_ui_language, set_user_locale
from standin.packages import add_package

if TYPE_CHECKING:
    from collections.abc import Callable

    from standin.hivefile import Value
    from standin.job import Job

_NAMESPACE = "{urn:schemas-microsoft-com:unattend}"
_INTL: dict[str, Callable[[Job], None]] = {
    "UILanguage": set_ui_language,
    "SystemLocale": set_system_locale,
    "UserLocale": set_user_locale,
    "TimeZone": set_time_zone,
}
_POLICIES = "Microsoft\\Windows\\CurrentVersion\\Policies\\System"
_OWNER = "Microsoft\\Windows NT\\CurrentVersion"


def apply_unattend(job: Job) -> None:
    """Apply an answer file. It is not kept in the image: whoever wants it in Panther puts it there."""
    path = existing_file(job.value)
    try:
        root: Element = fromstring(path.read_bytes())
    except (ParseError, ValueError):
        raise DismError(13, f"The answer file is not valid: {job.value}.") from None
    if root.tag != f"{_NAMESPACE}unattend":
        raise DismError(13, f"The answer file is not valid: {job.value}.")
    for package in root.findall(f"{_NAMESPACE}servicing/{_NAMESPACE}package"):
        _package(job, package)
    for settings in root.findall(f"{_NAMESPACE}settings"):
        if settings.get("pass") == "offlineServicing":
            for component in settings.findall(f"{_NAMESPACE}component"):
                _component(job, component)
    job.progress(100)


def _package(job: Job, package: Element) -> None:
    source = package.find(f"{_NAMESPACE}source")
    if package.get("action") == "install" and source is not None:
        job.options["packagepath"] = [source.get("location", "")]
        add_package(job)


def _component(job: Job, component: Element) -> None:
    for setting in component:
        name, text = setting.tag.removeprefix(_NAMESPACE), (setting.text or "").strip()
        if name in _INTL:
            job.value = text
            _INTL[name](job)
        elif name == "EnableLUA":
            _value(job, _POLICIES, name, dword(int(text.lower() == "true")))
        elif name in {"RegisteredOwner", "RegisteredOrganization"}:
            _value(job, _OWNER, name, sz(text))
        elif name == "DriverPaths":
            paths = [path.text or "" for path in setting.iter(f"{_NAMESPACE}Path")]
            job.options.update({"driver": paths, "recurse": [""]})
            add_driver(job)
        else:
            job.log(f"passed over: {name}")


def _value(job: Job, key: str, name: str, value: Value) -> None:
    with Hive(find(job.root, SOFTWARE), write=True) as hive:
        hive.set(key, name, value)
        hive.save()
