"""What is measured, side by side in one run; ``make bench`` runs it all. Nothing here is part of the tests."""
