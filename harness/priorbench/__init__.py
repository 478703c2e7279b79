"""priorbench measures how good, and how fast, a training-free denoiser is.

The public names are listed in ``__init__.pyi`` and imported when they are first used, so that
``import priorbench`` stays cheap: it imports neither torch nor numpy.
"""

import lazy_loader

from priorbench import _moved

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

_moved.install()
