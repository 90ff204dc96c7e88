"""Tiers, profiles, limits and keys.

A *tier* is a role (``spark`` or ``deep``); a *profile* fills it: an endpoint, a model and its parameters. Settings come
from ``jupyter_spark.toml`` in the Jupyter config directories, over the built-in ``profiles.toml``; the environment
overrides both. Keys come from the environment or the system keyring and are never kept in a value of this module.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from jupyter_spark.errors import AuthenticationError, ConfigError
from jupyter_spark.mistakes import read_section, suggestion

if sys.version_info >= (3, 11):
    import tomllib
else:  # pragma: no cover
    import tomli as tomllib

FILE_NAME = "jupyter_spark.toml"
SPARK_VARIABLE, DEEP_VARIABLE = "JUPYTER_SPARK_PROFILE", "JUPYTER_SPARK_DEEP_PROFILE"
_TABLES = ("tiers", "limits", "privacy", "turns")
KEYRING_SERVICE = "jupyter_spark"
# The first of these keys that is set chooses the profile; without any, the built-in model answers.
KEY_ORDER = (("OPENAI_API_KEY", "openai"), ("CEREBRAS_API_KEY", "cerebras"), ("GROQ_API_KEY", "groq"))


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Prices(_Section):
    """US dollars per million tokens."""

    input: float
    output: float
    cached_input: float | None = None


class Deadlines(_Section):
    """How long an endpoint may take, in seconds.

    ``first_token_s`` and ``deep_first_token_s`` are a turn's wait for its first token, by tier, with every retry;
    ``stall_s`` is the longest gap after it, ``turn_s`` the whole. An endpoint that failed again and again is left alone
    for ``cooling_s``. A WebSocket is renewed between turns when it is ``socket_age_s`` old.
    """

    connect_s: float = Field(default=10.0, gt=0)
    first_token_s: float = Field(default=60.0, gt=0)
    deep_first_token_s: float = Field(default=300.0, gt=0)
    stall_s: float = Field(default=60.0, gt=0)
    turn_s: float = Field(default=1_200.0, gt=0)
    cooling_s: float = Field(default=10.0, gt=0)
    socket_age_s: float = Field(default=3_000.0, gt=0)


class Limits(_Section):
    """Bounds of the journal: its size in bytes and the age of its records in days."""

    journal_max_bytes: int = Field(default=64_000_000, ge=100_000)
    journal_max_age_days: float = Field(default=90.0, gt=0)


class Privacy(_Section):
    """What never leaves the machine.

    ``redact``: secrets are kept back. ``exclude``: notebooks or folders of which nothing is sent, as globs.
    """

    redact: bool = True
    exclude: tuple[str, ...] = ()


class TurnSettings(_Section):
    """How turns are run. ``race``: the deep tier thinks beside the spark tier and may offer a second proposal."""

    race: bool = False


class TierChoice(_Section):
    """Who fills a tier, and who answers instead, in order, where that profile cannot begin to."""

    profile: str | None = None
    fallback: tuple[str, ...] = ()


class Profile(_Section):
    """An endpoint, its models in order of preference, and what it takes.

    ``small`` marks a model that is given a tiny prompt; ``prefill`` one whose answer may be begun for it; ``redact``
    one from which secrets are kept back; ``websocket`` an endpoint that serves the Responses API over one as well.
    ``infill`` is how a model that fills gaps is given one (``{before}``, ``{after}``), over ``/completions``.
    """

    name: str
    title: str = ""
    tier: Literal["spark", "deep"] = "spark"
    api: Literal["responses", "chat", "local", "scripted"] = "chat"
    base_url: str | None = None
    base_url_env: str | None = None
    base_url_hint: str = "http://localhost:8000/v1"
    models: tuple[str, ...] = ()
    key_env: tuple[str, ...] = ()
    key_header: str | None = None
    key_required: bool = True
    context_tokens: int = Field(default=32_000, gt=0)
    max_output_tokens: int = Field(default=8_000, gt=0)
    accepts: tuple[str, ...] = ("stream_options",)
    parameters: dict[str, Any] = Field(default_factory=dict)
    headers: dict[str, str] = Field(default_factory=dict)
    prices: Prices | None = None
    prefill: bool = False
    small: bool = False
    websocket: bool = False
    infill: str = ""
    model_path: str | None = None
    script: str | None = None
    redact: bool = True
    deadlines: Deadlines = Deadlines()

    @property
    def stays_here(self) -> bool:
        """Whether nothing that is sent to it leaves this machine: the built-in model."""
        return self.api == "local"

    @property
    def redacts(self) -> bool:
        """Whether secrets are kept back from it."""
        return self.redact and not self.stays_here

    def address_source(self, env: Mapping[str, str]) -> str:
        """Return where the base URL was said: the variable or the setting to mend."""
        if self.base_url_env and env.get(self.base_url_env):
            return self.base_url_env
        return f"base_url of profile '{self.name}'"

    def endpoint(self, env: Mapping[str, str]) -> str:
        """Return the base URL; the environment's word goes before the table's."""
        url = (env.get(self.base_url_env) if self.base_url_env else None) or self.base_url
        if not url:
            name = self.base_url_env or "base_url"
            raise ConfigError(f"Profile '{self.name}' has no address.", f"Set {name}, e.g. to {self.base_url_hint}")
        if not url.startswith(("http://", "https://")):
            raise ConfigError(f"'{url}' is not an http(s) address.", f"Mend the address of profile '{self.name}'.")
        return url


class Settings(_Section):
    """All that a host needs to run turns."""

    profiles: dict[str, Profile]
    spark: str
    deep: str
    limits: Limits = Limits()
    privacy: Privacy = Privacy()
    turns: TurnSettings = TurnSettings()
    fallback: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    files: tuple[str, ...] = ()

    def profile(self, name: str, said_in: str = "") -> Profile:
        """Return a profile by its name; ``said_in`` is where the name stands, for the error."""
        if name not in self.profiles:
            known = sorted(self.profiles)
            hint = f"{suggestion(name, known)}Known profiles: {', '.join(known)}."
            where = f" ({said_in})" if said_in else ""
            raise ConfigError(f"There is no profile '{name}'{where}.", hint, code="unknown_profile")
        return self.profiles[name]

    def for_tier(self, tier: str, override: str | None = None) -> Profile:
        """Return the profile that fills a tier, or the one named instead."""
        if override:
            return self.profile(override)
        return self.profile(self.deep if tier == "deep" else self.spark)

    def fallbacks(self, tier: str, override: str | None = None) -> tuple[Profile, ...]:
        """Return who answers instead, in order, where a tier's profile cannot; nobody for a profile that was named."""
        if override:
            return ()
        first = self.for_tier(tier).name
        return tuple(self.profile(name) for name in self.fallback.get(tier, ()) if name != first)


@cache
def _built_in_profiles() -> dict[str, dict[str, Any]]:
    return tomllib.loads(Path(__file__).with_name("profiles.toml").read_text("utf-8"))


def config_files(explicit: Path | None = None) -> list[Path]:
    """Return the settings files that exist, the weakest first."""
    if explicit is not None:
        if not explicit.is_file():
            raise ConfigError(f"There is no settings file '{explicit}'.", "Mend the path given with --config.")
        return [explicit]
    from jupyter_core.paths import jupyter_config_path

    return [p for d in reversed(jupyter_config_path()) if (p := Path(d) / FILE_NAME).is_file()]


def load_settings(config: Path | None = None, env: Mapping[str, str] | None = None) -> Settings:
    """Read the settings.

    Parameters
    ----------
    config : Path, optional
        Read this file instead of those in the Jupyter config directories.
    env : mapping, optional
        The environment; the process's own by default.

    Raises
    ------
    ConfigError
        A file that is not TOML, an unknown setting, or a profile that does not exist.
    """
    env = os.environ if env is None else env
    said = _read_files(config_files(config))
    tiers = said.tables["tiers"]
    for tier in tiers:
        if tier not in ("spark", "deep"):
            hint = f"{suggestion(tier, ('spark', 'deep'))}The tiers are spark and deep."
            raise ConfigError(f"{said.file_of[f'tiers.{tier}']}: Unknown tier '{tier}'.", hint)
    chosen = {tier: _choice(tier, value, said.file_of) for tier, value in tiers.items()}
    spark_choice, deep_choice = (chosen.get(tier, TierChoice()) for tier in ("spark", "deep"))
    spark = env.get(SPARK_VARIABLE) or spark_choice.profile or _profile_by_key(env)
    deep = env.get(DEEP_VARIABLE) or deep_choice.profile or _deep_beside(spark, said.profiles)
    kept = read_section(Privacy, said.tables["privacy"], "privacy", said.file_of)
    settings = Settings(
        profiles={
            name: read_section(Profile, {"name": name, "redact": kept.redact} | row, f"profiles.{name}", said.file_of)
            for name, row in said.profiles.items()
        },
        spark=spark,
        deep=deep,
        limits=read_section(Limits, said.tables["limits"], "limits", said.file_of),
        privacy=kept,
        turns=read_section(TurnSettings, said.tables["turns"], "turns", said.file_of),
        fallback={tier: choice.fallback for tier, choice in chosen.items()},
        files=tuple(map(str, said.files)),
    )
    for tier, choice in chosen.items():
        for name in choice.fallback:
            settings.profile(name, f"{tier}'s fallback in {said.file_of[f'tiers.{tier}']}")
    for tier, variable, name in (("spark", SPARK_VARIABLE, spark), ("deep", DEEP_VARIABLE, deep)):
        in_file = f"[tiers] {tier} in {said.file_of.get(f'tiers.{tier}', '')}"
        settings.profile(name, variable if env.get(variable) else in_file)
    if model := env.get("JUPYTER_SPARK_MODEL"):
        return with_model(settings, spark, model)
    return settings


def load_limits(config: Path | None = None) -> Limits:
    """Read the journal's bounds alone: history and undo must work although a tier is not right.

    Raises
    ------
    ConfigError
        A file that is not TOML, or a bound that is not right.
    """
    said = _read_files(config_files(config))
    return read_section(Limits, said.tables["limits"], "limits", said.file_of)


@dataclass(frozen=True)
class _Said:
    """What the files say, the stronger over the weaker, and which file says what."""

    files: list[Path]
    tables: dict[str, dict[str, Any]]
    profiles: dict[str, dict[str, Any]]
    file_of: dict[str, str]


def _read_files(files: list[Path]) -> _Said:
    profiles = {name: dict(row) for name, row in _built_in_profiles().items()}
    tables: dict[str, dict[str, Any]] = {name: {} for name in _TABLES}
    file_of: dict[str, str] = {}
    for file in files:
        data = _read_toml(file)
        for name, row in _table(data.pop("profiles", {}), file, "profiles").items():
            profiles[name] = profiles.get(name, {}) | _table(row, file, f"profiles.{name}")
            file_of |= {f"profiles.{name}.{key}": str(file) for key in row} | {f"profiles.{name}": str(file)}
            if "name" in row:
                raise ConfigError(f"{file}: profile '{name}' has a setting 'name'.", "Its table's name is its name.")
        for table, values in tables.items():
            here = _table(data.pop(table, {}), file, table)
            values |= here
            file_of |= {f"{table}.{key}": str(file) for key in here}
        if data:
            unknown, known = next(iter(data)), ("tiers", "profiles", *_TABLES[1:])
            hint = f"{suggestion(unknown, known)}Known: {', '.join(known)}."
            raise ConfigError(f"{file}: unknown setting '{unknown}'.", hint)
    return _Said(files, tables, profiles, file_of)


def with_model(settings: Settings, profile: str, model: str) -> Settings:
    """Return settings in which a profile has this one model."""
    changed = settings.profile(profile).model_copy(update={"models": (model,)})
    return settings.model_copy(update={"profiles": settings.profiles | {profile: changed}})


def find_key(profile: Profile, env: Mapping[str, str] | None = None) -> str | None:
    """Return the profile's key from the environment or the system keyring, or None if it needs none.

    Raises
    ------
    AuthenticationError
        The profile needs a key and there is none (code ``no_key``), or it cannot be one (``bad_key``).
    """
    env = os.environ if env is None else env
    for name in profile.key_env:
        if value := env.get(name, "").strip():
            return _whole(value, name)
    if profile.key_env and (stored := _from_keyring(profile.key_env)):
        return _whole(stored.strip(), "the keyring")
    if profile.key_required and profile.api in ("responses", "chat"):
        names = " or ".join(profile.key_env)
        hint = f"Set {names} in the environment, or: keyring set {KEYRING_SERVICE} {names}"
        if not names:
            hint = f'Set key_env = ["MY_KEY"] in [profiles.{profile.name}], or key_required = false.'
        raise AuthenticationError(f"Profile '{profile.name}' needs a key.", hint, code="no_key")
    return None


def _whole(key: str, where: str) -> str:
    """Return a key that can be sent in a header, or say what it holds; it is not repeated."""
    if all("!" <= character <= "~" for character in key):
        return key
    what = "a character that no key has"
    if any(map(str.isspace, key)):
        what = "a line break" if len(key.splitlines()) > 1 else "a blank"
    raise AuthenticationError(
        f"The key in {where} holds {what}: it was not sent.", f"Set {where} anew, to the key alone.", code="bad_key"
    )


def _choice(tier: str, value: Any, file_of: Mapping[str, str]) -> TierChoice:
    """Read who fills a tier: a profile's name, or a table with that and who answers instead."""
    file = file_of[f"tiers.{tier}"]
    if isinstance(value, dict):
        return read_section(TierChoice, value, f"tiers.{tier}", {f"tiers.{tier}": file})
    if isinstance(value, str):
        return TierChoice(profile=value)
    hint = f'Write {tier} = "NAME" or {tier} = {{ profile = "NAME", fallback = ["OTHER"] }}.'
    raise ConfigError(f"{file}: Tier '{tier}' must name one profile.", hint)


def _from_keyring(names: tuple[str, ...]) -> str | None:
    try:
        import keyring

        return next((value for name in names if (value := keyring.get_password(KEYRING_SERVICE, name))), None)
    except Exception:  # noqa: BLE001 - a desktop without a working keyring is a desktop without a key in it
        return None


def _profile_by_key(env: Mapping[str, str]) -> str:
    return next((profile for key, profile in KEY_ORDER if env.get(key, "").strip()), None) or _profile_in_keyring()


@cache
def _profile_in_keyring() -> str:
    """The profile of the first key in the keyring; looked up once, since a desktop's keyring may take its time."""
    return next((profile for key, profile in KEY_ORDER if _from_keyring((key,))), "local")


def forget_keyring() -> None:
    """Look into the keyring again at the next load: a key was put there."""
    _profile_in_keyring.cache_clear()


def _deep_beside(spark: str, tables: Mapping[str, Mapping[str, Any]]) -> str:
    """The deep tier of the same house where there is one, else the same profile in both roles."""
    keys = tables.get(spark, {}).get("key_env")
    same_house = (n for n, row in tables.items() if row.get("tier") == "deep" and keys and row.get("key_env") == keys)
    return next(same_house, spark)


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{file} cannot be read: {error}.", "Mend the file, or move it away.") from None


def _table(value: Any, file: Path, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ConfigError(f"{file}: '{name}' must be a table.", f"Write it as [{name}].")
    return value
