"""Does a changed notebook still do what it did: both are run in fresh kernels, and their outputs are compared."""

from jupyter_spark.verify._options import CellGroup, VerifyMode, VerifyOptions
from jupyter_spark.verify._report import CellVerification, Verdict, VerificationReport, VerifyProgress

__all__ = [
    "CellGroup",
    "CellVerification",
    "Verdict",
    "VerificationReport",
    "VerifyMode",
    "VerifyOptions",
    "VerifyProgress",
]
