"""``python -m priorbench``: the command line."""

from priorbench.cli import main

main()
