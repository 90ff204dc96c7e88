"""``make bench``: every measurement, one after the other."""

from __future__ import annotations

from tests.bench import iopub, load_ext, page

load_ext.main()
iopub.main()
page.main()
