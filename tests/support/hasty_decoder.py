"""A decoder process with little time: a third of a second for a header, a tenth for nothing to do."""

from __future__ import annotations

import os
import sys

from priorbench.pictures import decoder, limits

if __name__ == "__main__":
    decoder.IDLE = 0.1
    limits._SECONDS = 0.3
    decoder.main(int(sys.argv[1]), int(sys.argv[2]))
    os._exit(0)
