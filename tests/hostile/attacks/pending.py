"""Attacks whose remedy is not in this state of the code: told in the summary, and not a failure of the tests.

Take a line out when its remedy is in: from then on the attack must end as it should.
"""

from __future__ import annotations

from collections.abc import Mapping

_HOOKS = "hooks and imports of plugins that are capped and named"
_PICTURES = "pictures that are decoded in a child with limits"

PENDING: Mapping[str, str] = {
    **dict.fromkeys(
        (
            *("plugin/hook-without-end", "plugin/hook-of-nothing-without-end", "plugin/hook-that-sleeps"),
            *("plugin/hook-that-waits-in-c", "plugin/million-specs", "plugin/specs-of-a-gigabyte"),
            *("plugin/import-that-sleeps", "plugin/import-that-works", "plugin/import-that-ends"),
            *("plugin/import-that-prints-codes", "plugin/spec-of-another-class", "plugin/thread-left"),
        ),
        _HOOKS,
    ),
    **dict.fromkeys(("picture/jpeg-of-two-thousand-scans", "picture/tiff-that-inflates"), _PICTURES),
}
