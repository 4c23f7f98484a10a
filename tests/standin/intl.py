r"""International settings: `/Get-Intl` and `/Set-…` (dism fact sheet §2, "Intl").

Values are those Windows keeps: `Control\Nls` and `Control\MUI` of SYSTEM, the default user's `Control Panel`. A small
table of languages; one that is not in it is answered with 87, as a name Windows does not know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from standin.codes import DismError
from standin.hivefile import MULTI_SZ, Hive, Value, sz
from standin.hostpaths import existing_folder
from standin.imagetree import find, put_bytes
from standin.records import Records
from standin.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from standin.job import Job

_SYSTEM = "Windows\\System32\\config\\SYSTEM"
_USERS = ("Users\\Default\\NTUSER.DAT", "Windows\\System32\\config\\DEFAULT")
_LANGUAGES = {
    "de-de": ("de-DE", "0407", "0407:00000407"),
    "en-gb": ("en-GB", "0809", "0809:00000809"),
    "en-us": ("en-US", "0409", "0409:00000409"),
    "fr-fr": ("fr-FR", "040c", "040c:0000040c"),
    "hi-in": ("hi-IN", "0439", "0439:00010439"),
    "ja-jp": ("ja-JP", "0411", "0411:00000411"),
}
_UNICODE_ONLY = {"hi-in"}  # no code page of its own: not a system locale
_PRELOAD, _SUBSTITUTES = "Keyboard Layout\\Preload", "Keyboard Layout\\Substitutes"
_LAYERED = {
    "1": "PC/AT Enhanced Keyboard (101/102-Key)",
    "2": "Korean PC/AT 101-Key Compatible Keyboard/MS Natural Keyboard (Type 1)",
    "3": "Korean PC/AT 101-Key Compatible Keyboard/MS Natural Keyboard (Type 2)",
    "4": "Korean PC/AT 101-Key Compatible Keyboard/MS Natural Keyboard (Type 3)",
    "5": "Korean Keyboard (103/106 Key)",
    "6": "Japanese Keyboard (106/109 Key)",
}


def _language(name: str) -> tuple[str, str, str]:
    if name.lower() not in _LANGUAGES:
        raise DismError(87, f"The language or locale is not known: {name}.")
    return _LANGUAGES[name.lower()]


def _installed(root: Path) -> set[str]:
    """Languages of the language packs in the image."""
    return {r.identity.language.lower() for r in Records(root).packages() if r.is_present} - {""}


def _system(root: Path, change: Callable[[Hive, str], None]) -> None:
    control = f"{Store(root).control_set()}\\Control"
    with Hive(find(root, _SYSTEM), write=True) as hive:
        change(hive, control)
        hive.save()


def _user(root: Path, change: Callable[[Hive], None]) -> None:
    """Change the hive new users get; PE has only one for the system."""
    path = next((p for name in _USERS if (p := find(root, name)).is_file()), None)
    if path is None:
        raise DismError(2)
    with Hive(path, write=True) as hive:
        change(hive)
        hive.save()


def set_ui_language(job: Job) -> None:
    """`/Set-UILang`: the language has to be installed."""
    name, code, _ = _language(job.value)
    if name.lower() not in _installed(job.root):
        raise DismError(87, f"The language is not installed in the image: {name}.")

    def change(hive: Hive, control: str) -> None:
        hive.set(f"{control}\\Nls\\Language", "InstallLanguage", sz(code))
        languages = f"{name}\0\0".encode("utf-16-le")
        hive.set(f"{control}\\MUI\\Settings", "PreferredUILanguages", Value(MULTI_SZ, languages))

    _system(job.root, change)


def set_ui_fallback(job: Job) -> None:
    """`/Set-UILangFallback`."""
    name, _, _ = _language(job.value)
    text = Value(MULTI_SZ, f"{name}\0\0".encode("utf-16-le"))
    _system(job.root, lambda hive, control: hive.set(f"{control}\\MUI\\Settings", "UILanguageFallback", text))


def set_system_locale(job: Job) -> None:
    """`/Set-SysLocale`: not for languages that are Unicode only."""
    name, code, _ = _language(job.value)
    if name.lower() in _UNICODE_ONLY:
        raise DismError(87, f"The language has no code page and cannot be a system locale: {name}.")

    def change(hive: Hive, control: str) -> None:
        hive.set(f"{control}\\Nls\\Language", "Default", sz(code))
        hive.set(f"{control}\\Nls\\Locale", "(Default)", sz(f"0000{code}"))

    _system(job.root, change)


def set_user_locale(job: Job) -> None:
    """`/Set-UserLocale`."""
    name, code, _ = _language(job.value)

    def change(hive: Hive) -> None:
        hive.set("Control Panel\\International", "Locale", sz(f"0000{code}"))
        hive.set("Control Panel\\International", "LocaleName", sz(name))

    _user(job.root, change)


def set_input_locale(job: Job) -> None:
    """`/Set-InputLocale`: `lid:keyboard` pairs with semicolons, or a language for its usual one."""
    text = job.value if ":" in job.value else _language(job.value)[2]
    pairs = [pair.partition(":") for pair in text.split(";")]
    if not all(language and keyboard for language, _, keyboard in pairs):
        raise DismError(87)

    def change(hive: Hive) -> None:
        for key in (_PRELOAD, _SUBSTITUTES):
            hive.delete(key)
        seen: list[str] = []
        for number, (language, _, keyboard) in enumerate(pairs, start=1):
            lid, layout = (text.lower().removeprefix("0x") for text in (language, keyboard))
            # the second keyboard of a language is `d001` and the language, the third `d002`
            preload = f"d{seen.count(lid):03}{lid}" if lid in seen else f"0000{lid}"
            seen.append(lid)
            hive.set(_PRELOAD, str(number), sz(preload))
            if layout != preload:
                hive.set(_SUBSTITUTES, preload, sz(layout))

    _user(job.root, change)


def set_all(job: Job) -> None:
    """`/Set-AllIntl`: everything a language decides."""
    for one in (set_ui_language, set_system_locale, set_user_locale, set_input_locale):
        one(job)


def set_sku_defaults(job: Job) -> None:
    """`/Set-SKUIntlDefaults`: as `/Set-AllIntl`, and the time zone stays."""
    set_all(job)


def set_time_zone(job: Job) -> None:
    """`/Set-TimeZone`: by the name of its key; the list of those is the image's, where it has one."""
    name = job.value
    if not name:
        raise DismError(87)
    with Hive(find(job.root, "Windows\\System32\\config\\SOFTWARE")) as hive:
        known = hive.keys("Microsoft\\Windows NT\\CurrentVersion\\Time Zones")
    if known and name.lower() not in {zone.lower() for zone in known}:
        raise DismError(87, f"The time zone is not known: {name}.")
    _system(
        job.root,
        lambda hive, control: hive.set(f"{control}\\TimeZoneInformation", "TimeZoneKeyName", sz(name)),
    )


def set_layered_driver(job: Job) -> None:
    """`/Set-LayeredDriver`: a keyboard driver from 1 to 6."""
    if job.value not in _LAYERED:
        raise DismError(87)
    _system(
        job.root,
        lambda hive, control: hive.set(f"{control}\\Keyboard Layout", "LayeredDriver", sz(job.value)),
    )


def get_intl(job: Job) -> None:
    """`/Get-Intl`, in the form Microsoft's walkthroughs show; the place on earth is left out."""
    control = f"{Store(job.root).control_set()}\\Control"
    with Hive(find(job.root, _SYSTEM)) as hive:
        ui = hive.value(f"{control}\\Nls\\Language", "InstallLanguage")
        system = hive.value(f"{control}\\Nls\\Language", "Default")
        zone = hive.value(f"{control}\\TimeZoneInformation", "TimeZoneKeyName")
        fallback = hive.value(f"{control}\\MUI\\Settings", "UILanguageFallback")
        layered = hive.value(f"{control}\\Keyboard Layout", "LayeredDriver")
    path = next(p for name in _USERS if (p := find(job.root, name)).is_file())
    with Hive(path) as hive:
        user = hive.value("Control Panel\\International", "Locale")
        keyboards = _keyboards(hive)
    by_code = {code: name for name, code, _ in _LANGUAGES.values()}

    def named(value: Value | None) -> str:
        return by_code.get(value.text[-4:], "") if value else ""

    console = job.console
    console.line("Reporting offline international settings.", "")
    console.field("Default system UI language", named(ui))
    if fallback is not None:
        console.field("The UI language fallback is", fallback.data.decode("utf-16-le").strip("\0"))
    console.field("System locale", named(system))
    console.field("Default time zone", zone.text if zone else "")
    console.field("User locale for default user", named(user))
    console.field("Active keyboard(s)", ", ".join(keyboards))
    console.field("Keyboard layered driver", _LAYERED[layered.text] if layered else "Not installed.")
    console.line("")
    for name in sorted(_installed(job.root)):
        console.line(f"Installed language(s): {_LANGUAGES.get(name, (name,))[0]}")
        console.line("  Type : Fully localized language.")
    console.line("")


def _keyboards(hive: Hive) -> list[str]:
    """`language:layout` in the order they are loaded; a layout that is another language's is substituted."""
    preload = hive.values(_PRELOAD)
    other = {name.lower(): value.text for name, value in hive.values(_SUBSTITUTES).items()}
    loaded = [preload[number].text.lower() for number in sorted(preload, key=int)]
    return [f"{name[-4:]}:{other.get(name, name)}" for name in loaded]


def gen_lang_ini(job: Job) -> None:
    r"""`/Gen-LangINI`: writes `sources\lang.ini` of the distribution; one that is there is replaced silently."""
    folder = existing_folder(job.need("distribution"))
    names = [_LANGUAGES.get(name, (name, "", ""))[0] for name in sorted(_installed(job.root))]
    rows = "".join(f"{name} = 3\r\n" for name in names)
    fallbacks = "".join(f"{name} = en-us\r\n" for name in names)
    text = f"[Available UI Languages]\r\n{rows}\r\n[Fallback Languages]\r\n{fallbacks}"
    put_bytes(text.encode(), find(folder, "sources\\lang.ini"))


def set_setup_language(job: Job) -> None:
    """`/Set-SetupUILang`: the language Setup starts in."""
    folder = existing_folder(job.need("distribution"))
    path = find(folder, "sources\\lang.ini")
    if not path.is_file():
        raise DismError(2)
    name = _language(job.value)[0]
    text = path.read_text(encoding="utf-8").replace("= 3", "= 2")
    put_bytes(text.replace(f"{name} = 2", f"{name} = 3").encode(), path)
