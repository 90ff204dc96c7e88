"""What a page needs to know before the first question: who answers, and what is missing."""

from __future__ import annotations

from jupyter_spark.errors import ConfigError, SparkError
from jupyter_spark.providers.models import find_spec, model_path
from jupyter_spark.settings import KEY_ORDER, KEYRING_SERVICE, Profile, Settings, find_key, forget_keyring
from jupyter_spark.wire import Tier
from jupyter_spark.wire_page import PAGE_VERSION, ServerStatus, TierStatus

BUILT_IN = "0.5b"


def server_status(settings: Settings) -> ServerStatus:
    """Return the tiers and whether each can answer. Looks at keys and files; asks no endpoint."""
    tiers: tuple[Tier, ...] = ("spark", "deep")
    return ServerStatus(
        version=PAGE_VERSION,
        tiers=tuple(_tier_status(tier, settings.for_tier(tier)) for tier in tiers),
        profiles=tuple(sorted(settings.profiles)),
        key_names=tuple(name for name, _ in KEY_ORDER),
        model_bytes=find_spec(BUILT_IN).size_bytes,
        model_ready=_is_ready(settings.profile("local")),
    )


def keep_key(name: str, value: str) -> None:
    """Put a key into the system keyring.

    Raises
    ------
    ConfigError
        An unknown name, an empty key, or no keyring that can keep it.
    """
    known = [key for key, _ in KEY_ORDER]
    if name not in known or not value.strip():
        raise ConfigError("That is no key.", f"Give one for {', '.join(known)}.")
    try:
        import keyring

        keyring.set_password(KEYRING_SERVICE, name, value.strip())
    except Exception:  # noqa: BLE001 - whatever a desktop's keyring raises, and never with the key in it
        raise ConfigError(
            "This machine has no keyring that can keep the key.", f"Set {name} in the server's environment instead."
        ) from None
    forget_keyring()


def _tier_status(tier: Tier, profile: Profile) -> TierStatus:
    problem = hint = ""
    try:
        _require(profile)
    except SparkError as error:
        problem, hint = error.message, error.hint
    return TierStatus(
        tier=tier,
        profile=profile.name,
        title=profile.title or profile.name,
        model=profile.models[0] if profile.models else "",
        context_tokens=profile.context_tokens,
        ready=not problem,
        problem=problem,
        hint=hint,
    )


def _require(profile: Profile) -> None:
    if profile.api == "local":
        model_path(profile.model_path or profile.models[0])
    else:
        find_key(profile)


def _is_ready(profile: Profile) -> bool:
    try:
        _require(profile)
    except SparkError:
        return False
    return True
