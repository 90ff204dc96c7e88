"""Secrets out, before anything leaves; their values back in what returns.

A secret is found by its well-known format or by where it stands (the value of a ``password``, of a cookie, in an
address), and a mark such as ``<secret-1-openai-key>`` is sent in its place. The same value has the same mark as long
as the process lives, so that what was sent stays the same byte for byte.

The patterns are our own. detect-secrets, the one library that could carry this, tells which values a line holds but
not where, reads single lines (no private key), takes every second word for random text when it is asked about one
line, does not know half of the formats below (Anthropic, Google, Hugging Face, Groq, Databricks, today's OpenAI keys),
had its last release in 2024, and brings two dependencies.
"""

from jupyter_spark.redact._find import find_secrets
from jupyter_spark.redact._formats import title_of
from jupyter_spark.redact._restore import Kept, Restorer, restore
from jupyter_spark.redact._secret import Secret
from jupyter_spark.redact._vault import PLACEHOLDER, Vault, process_vault

__all__ = [
    "PLACEHOLDER",
    "Kept",
    "Restorer",
    "Secret",
    "Vault",
    "find_secrets",
    "process_vault",
    "restore",
    "title_of",
]
