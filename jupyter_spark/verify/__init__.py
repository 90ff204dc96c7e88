"""Does a changed notebook still do what it did: both are run in fresh kernels, and their outputs are compared."""

from jupyter_spark.verify._options import CellGroup, VerifyMode, VerifyOptions
from jupyter_spark.verify._rendering import render_report
from jupyter_spark.verify._report import CellVerification, Verdict, VerificationReport, VerifyProgress
from jupyter_spark.verify._verify import verify_notebook, verify_notebook_sync

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
