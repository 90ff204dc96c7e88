"""Does a changed notebook still do what it did: both are run in fresh kernels, and their outputs are compared."""

from jupyter_spark.verify._options import CellGroup, VerifyOptions
from jupyter_spark.verify._rendering import render_report
from jupyter_spark.verify._verify import verify_notebook, verify_notebook_sync
from jupyter_spark.wire_verify import CellVerification, Verdict, VerificationReport, VerifyMode, VerifyProgress

__all__ = [
    "CellGroup",
    "CellVerification",
    "Verdict",
    "VerificationReport",
    "VerifyMode",
    "VerifyOptions",
    "VerifyProgress",
    "render_report",
    "verify_notebook",
    "verify_notebook_sync",
]
