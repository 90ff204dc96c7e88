"""The evaluation: edit tasks on real notebook cells, each proven by code that runs. Not part of the wheel."""
