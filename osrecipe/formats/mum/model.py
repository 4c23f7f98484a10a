r"""What a package's `update.mum` and a component's manifest say, as frozen data.

Only what was written, with nothing expanded: `$(runtime.system32)` stays a variable, `HKEY_CLASSES_ROOT` stays a name.
Whether a package can be carried out is decided elsewhere, from `elements`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

NEUTRAL = frozenset({"", "*", "neutral", "none"})
"""The spellings of "no language"."""


@dataclass(frozen=True, slots=True)
class Identity:
    """An assembly identity.

    Attributes:
        name: as written.
        version: four numbers with dots.
        architecture: `amd64`, `x86`, `arm64`, `wow64`, `msil`, …
        language: a culture name, `neutral` or `*`.
        public_key_token: 16 hexadecimal digits, or empty.
        version_scope: `nonSxS`, or empty.
        type: such as `dualModeDriver` or `win32`, or empty.
        build_type: `release` or empty; it is part of no name and no key.
    """

    name: str
    version: str
    architecture: str
    language: str = "neutral"
    public_key_token: str = ""
    version_scope: str = ""
    type: str = ""
    build_type: str = ""

    @property
    def is_neutral(self) -> bool:
        """Whether it belongs to no language."""
        return self.language.lower() in NEUTRAL

    @property
    def package_name(self) -> str:
        """The name servicing lists a package by: `name~token~architecture~language~version`."""
        language = "" if self.is_neutral else self.language
        return f"{self.name}~{self.public_key_token}~{self.architecture}~{language}~{self.version}"


@dataclass(frozen=True, slots=True)
class Parent:
    """Packages one of which must be present for this one to apply.

    Attributes:
        identities: the alternatives.
        integrate: how it joins them: `separate`, `delegate`, `hidden`, …
        disposition: `detect`, `staged`, …
        build_compare: `EQ` and the like, for the third part of the version.
        service_compare: the same for the second part.
        revision_compare: the same for the last part.
        distribution_compare: the same for the first part.
    """

    identities: tuple[Identity, ...]
    integrate: str = ""
    disposition: str = ""
    build_compare: str = ""
    service_compare: str = ""
    revision_compare: str = ""
    distribution_compare: str = ""


@dataclass(frozen=True, slots=True)
class ComponentRef:
    """A component an update installs.

    Attributes:
        identity: the component.
        conditional: it is only updated where an older version is present (`updateComponent`).
        elevate: when it counts as older, or empty.
    """

    identity: Identity
    conditional: bool = False
    elevate: str = ""


@dataclass(frozen=True, slots=True)
class PackageRef:
    """A package inside a package.

    Attributes:
        identity: the package.
        contained: whether it travels in the same cabinet; None where that is not said.
        integrate: how it joins, or empty.
    """

    identity: Identity
    contained: bool | None = None
    integrate: str = ""


@dataclass(frozen=True, slots=True)
class Selectable:
    """An update that people turn on and off: a Windows feature.

    Attributes:
        disposition: the state it is left in when it is off.
        on_by_default: `detectNone default`; None where that is not said.
    """

    disposition: str
    on_by_default: bool | None


@dataclass(frozen=True, slots=True)
class Update:
    """One update of a package.

    Attributes:
        name: for a feature, the feature's name.
        display_name: for people, or empty.
        description: for people, or empty.
        restart: or empty.
        selectable: set for features.
        requires: names of the updates it depends on.
        components: what it installs.
        packages: what it installs, as packages.
    """

    name: str
    display_name: str
    description: str
    restart: str
    selectable: Selectable | None
    requires: tuple[str, ...]
    components: tuple[ComponentRef, ...]
    packages: tuple[PackageRef, ...]


@dataclass(frozen=True, slots=True)
class Package:
    """An `update.mum`.

    Attributes:
        identity: the package's own.
        identifier: such as `KB5043080` or a feature pack's name.
        release_type: such as `Update`, `Security Update`, `Feature Pack`, `Language Pack`, `OnDemand Pack`.
        restart: `possible`, `required` or empty.
        permanence: `permanent` or empty.
        psf_name: the file its payload is in when that is a `.psf`, or empty.
        installer: the servicing stack it asks for, or None.
        capability: the capability it declares, or None; the identity has name, version and language only.
        parents: all must be met; within one, any.
        updates: what it holds.
        display_name: for people, or empty.
        description: for people, or empty.
        company: or empty.
        support: address of the article, or empty.
        created: time stamp as written, or empty.
        elements: see `Manifest.elements`.
        text: the whole document, for rules that look for a word.
    """

    identity: Identity
    identifier: str
    release_type: str
    restart: str
    permanence: str
    psf_name: str
    installer: Identity | None
    capability: Identity | None
    parents: tuple[Parent, ...]
    updates: tuple[Update, ...]
    display_name: str
    description: str
    company: str
    support: str
    created: str
    elements: frozenset[str] = field(repr=False)
    text: str = field(repr=False)

    def mentions(self, word: str) -> bool:
        """Whether the document contains a word, whatever the case."""
        return word.lower() in self.text.lower()


@dataclass(frozen=True, slots=True)
class FileHash:
    """A payload file's hash.

    Attributes:
        algorithm: `sha1`, `sha256`, `sha384` or `sha512`, as hashlib names them.
        digest: its bytes.
    """

    algorithm: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class PayloadFile:
    r"""A file of a component.

    Attributes:
        name: its name once installed.
        destination: the folder it is installed in, with variables and a trailing `\`; empty for files that stay in
            the component store.
        source_name: its name in the package, which may differ.
        import_path: where Microsoft's build took it from; of no use but kept.
        source_path: folder inside the component's payload, usually `.\`.
        hash: None where the manifest has none.
        security: name of a security descriptor of the manifest, or empty.
        links: further names of the same file, as whole paths with variables.
    """

    name: str
    destination: str
    source_name: str
    import_path: str
    source_path: str
    hash: FileHash | None
    security: str
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RegistryValue:
    """A registry value.

    Attributes:
        name: empty for the key's default value.
        type_name: as written: `REG_SZ`, or eight hexadecimal digits.
        type_code: the registry's number for it; None where the name is not known.
        text: the data as written.
        data: str for REG_SZ and REG_EXPAND_SZ, a tuple of them for REG_MULTI_SZ, int for REG_DWORD and REG_QWORD,
            bytes for everything else; None where type or text is not understood.
        operation: `operationHint`: `replace`, `append`, … or empty.
        owner: None where that is not said.
    """

    name: str
    type_name: str
    type_code: int | None
    text: str
    data: str | tuple[str, ...] | int | bytes | None
    operation: str
    owner: bool | None


@dataclass(frozen=True, slots=True)
class RegistryKey:
    r"""A registry key.

    Attributes:
        path: such as `HKEY_LOCAL_MACHINE\SOFTWARE\…`.
        values: in the order written.
        owner: None where that is not said.
        security: name of a security descriptor of the manifest, or empty.
    """

    path: str
    values: tuple[RegistryValue, ...]
    owner: bool | None
    security: str


@dataclass(frozen=True, slots=True)
class Directory:
    """A folder a component makes or owns."""

    destination: str
    owner: bool | None
    security: str


@dataclass(frozen=True, slots=True)
class Dependency:
    """Another component this one needs."""

    identity: Identity
    kind: str
    resource_type: str
    discoverable: bool | None


@dataclass(frozen=True, slots=True)
class SecurityDefinition:
    """A named security descriptor, in SDDL."""

    name: str
    sddl: str
    operation: str


@dataclass(frozen=True, slots=True)
class Category:
    """Membership in a category, such as the services of Windows."""

    name: str
    version: str
    type_name: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """A component's manifest.

    Attributes:
        identity: the component.
        files: its payload.
        registry_keys: what it sets.
        directories: what it makes.
        dependencies: what it needs.
        security: the descriptors the others name.
        categories: its memberships.
        is_deployment: it stands for a package's contents instead of having any.
        elements: every element that occurs, as a dotted path below the root (`file.hash.DigestValue`), and
            `path@attribute` for every attribute that is not understood of an element that is. Namespaces of assembly
            manifests and XML signatures are left out; an element of any other shows it: `{uri}name`. What a reader
            of this data does not know, it has to refuse.
    """

    identity: Identity
    files: tuple[PayloadFile, ...]
    registry_keys: tuple[RegistryKey, ...]
    directories: tuple[Directory, ...]
    dependencies: tuple[Dependency, ...]
    security: tuple[SecurityDefinition, ...]
    categories: tuple[Category, ...]
    is_deployment: bool
    elements: frozenset[str] = field(repr=False)
