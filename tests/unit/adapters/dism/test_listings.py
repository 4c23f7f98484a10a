"""What DISM lists of capabilities, apps, drivers and settings, in the forms that walkthroughs and public logs show."""

from __future__ import annotations

from osrecipe.adapters.dism import listings

INTL = """
Reporting offline international settings.

Default system UI language : fr-FR
System locale : fr-FR
Default time zone : Pacific Standard Time
User locale for default user : fr-FR
Location : France (GEOID = 84)
Active keyboard(s) : 040c:0000040c, 0409:00000409
Keyboard layered driver : PC/AT Enhanced Keyboard (101/102-Key)

Installed language(s): de-DE
  Type : Fully localized language.
Installed language(s): fr-FR
  Type : Fully localized language.

The operation completed successfully.
"""
DRIVERS = """
Obtaining list of 3rd party drivers from the driver store...

Driver packages listing:

Published Name : oem0.inf
Original File Name : netkvm.inf
Inbox : No
Class Name : Net
Provider Name : Red Hat, Inc.
Date : 3/27/2023
Version : 100.93.104.23800

Published Name : oem1.inf
Original File Name : C:\\Windows\\System32\\DriverStore\\FileRepository\\VIOSTOR.inf_amd64_0123\\VIOSTOR.inf
Inbox : No
Class Name : SCSIAdapter
Provider Name : Red Hat, Inc.
Date : 27.03.2023
Version : 100.93.104.23800
"""
APPS = """
DisplayName : Microsoft.BingWeather
Version : 4.25.20211.0
Architecture : neutral
ResourceId : ~
PackageName : Microsoft.BingWeather_4.25.20211.0_neutral_~_8wekyb3d8bbwe
Regions : None
"""
CAPABILITIES = """
Capability listing:

Capability Identity : Language.Basic~~~fr-fr~0.0.1.0
State : Installed

Capability Identity : App.StepsRecorder~~~~0.0.1.0
State : Not Present

Capability Identity : OpenSSH.Client~~~~0.0.1.0
State : Install Pending

Capability Identity : WMIC~~~~
State : Removed
"""


def test_settings_by_the_recipe_s_names() -> None:
    """Only what a recipe can set is taken; the place on earth and the languages are left alone."""
    assert {
        "ui-language": "fr-FR",
        "system-locale": "fr-FR",
        "time-zone": "Pacific Standard Time",
        "user-locale": "fr-FR",
        "keyboards": "040c:0000040c, 0409:00000409",
    } == listings.settings(INTL.splitlines())


def test_drivers_by_their_inf() -> None:
    """In lower case, without the path that some builds print; no date is read."""
    assert ["netkvm.inf", "viostor.inf"] == listings.drivers(DRIVERS.splitlines())


def test_apps_by_their_whole_name() -> None:
    """The name that removing takes, in lower case."""
    assert {"microsoft.bingweather_4.25.20211.0_neutral_~_8wekyb3d8bbwe"} == listings.apps(APPS.splitlines())


def test_capabilities_are_there_when_installed_or_pending() -> None:
    """Offline, pending is success; not present and removed are not there."""
    states = listings.capabilities(CAPABILITIES.splitlines())
    assert 4 == len(states)
    there = {name for name, state in states.items() if listings.capability_word(state) == "installed"}
    assert {"language.basic~~~fr-fr~0.0.1.0", "openssh.client~~~~0.0.1.0"} == there


def test_nothing_is_made_of_other_lines() -> None:
    """An empty listing, or one of something else."""
    for text in ("", "(No drivers found in the image matching the criteria)", "Error: 50"):
        assert [] == listings.drivers(text.splitlines())
        assert frozenset() == listings.apps(text.splitlines())
        assert {} == listings.settings(text.splitlines()) == listings.capabilities(text.splitlines())
