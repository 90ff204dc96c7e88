"""From a profile to its provider."""

from __future__ import annotations

from collections.abc import Mapping

from jupyter_spark.providers._protocol import Provider
from jupyter_spark.providers._redacting import guarded
from jupyter_spark.redact import Vault, process_vault
from jupyter_spark.settings import Profile


def open_provider(profile: Profile, env: Mapping[str, str] | None = None, vault: Vault | None = None) -> Provider:
    """Return the provider for a profile. Nothing is connected and nothing heavy imported yet.

    A provider belongs to the event loop that uses it first; close it there with ``aclose``. Secrets are kept from every
    endpoint that is not on this machine (``vault``, by default the process's own), unless the profile says otherwise.
    """
    return guarded(_open(profile, env), vault or process_vault())


def _open(profile: Profile, env: Mapping[str, str] | None) -> Provider:
    if profile.api == "scripted":
        from jupyter_spark.providers.scripted import ScriptedProvider

        return ScriptedProvider(profile)
    if profile.api == "local":
        from jupyter_spark.providers.local import LocalProvider

        return LocalProvider(profile, env)
    if profile.api == "responses":
        from jupyter_spark.providers.responses import ResponsesProvider

        return ResponsesProvider(profile, env)
    from jupyter_spark.providers.chat import ChatProvider

    return ChatProvider(profile, env)


def import_sdk() -> None:
    """Import what the first turn would wait for; for a thread that has the time."""
    import openai  # noqa: F401
