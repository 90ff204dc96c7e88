"""An authorizer as a hub may have one: this user may do everything but talk to models."""

from __future__ import annotations

from typing import Any

from jupyter_server.auth.authorizer import Authorizer

from jupyter_spark.server.socket import AUTH_RESOURCE


class Denying(Authorizer):
    """Denies what belongs to this extension."""

    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
        """Whether the user may do it."""
        return resource != AUTH_RESOURCE
