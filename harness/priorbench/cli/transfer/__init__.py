"""``priorbench export``, ``import`` and ``merge``: records that leave a store and come into one."""

from priorbench.cli.transfer.incoming import import_command, merge
from priorbench.cli.transfer.outgoing import export

__all__ = ["export", "import_command", "merge"]
