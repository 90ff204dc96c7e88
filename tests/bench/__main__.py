"""``make bench``: every measurement, one after the other."""

from __future__ import annotations

from tests.bench import (
    cancelling,
    fix_click,
    ghost,
    incell,
    iopub,
    load_ext,
    packing,
    page,
    page_latency,
    prefix,
    recall,
    redaction,
    refactor,
    transports,
    variables,
)

load_ext.main()
variables.main()
packing.main()
recall.main()
iopub.main()
redaction.main()
prefix.main()
refactor.main()
transports.main()
cancelling.main()
page.main()
page_latency.main()
fix_click.main()
incell.main()
ghost.main()
