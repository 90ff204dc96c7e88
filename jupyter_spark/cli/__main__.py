"""``python -m jupyter_spark.cli``."""

from jupyter_spark.cli import main

main()
