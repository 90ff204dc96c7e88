"""``make bench``: every measurement, one after the other."""

from __future__ import annotations

from tests.bench import cancelling, iopub, load_ext, prefix, redaction, transports, variables

load_ext.main()
variables.main()
iopub.main()
redaction.main()
prefix.main()
transports.main()
cancelling.main()
