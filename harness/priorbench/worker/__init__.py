"""The process in which trials run: see `priorbench.protocol.session` and `priorbench.worker.__main__`."""
