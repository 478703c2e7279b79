"""Child processes that run other people's code: asked, limited, and ended with all that they started."""
