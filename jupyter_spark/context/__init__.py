"""What of the notebook goes to the model: a budget of tokens, spent on what the target needs first."""

from jupyter_spark.context._options import PackOptions
from jupyter_spark.context._pack import pack_context
from jupyter_spark.tokens import estimate_tokens

__all__ = ["PackOptions", "estimate_tokens", "pack_context"]
