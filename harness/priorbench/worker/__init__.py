"""The process in which trials run: see `priorbench.worker.session` and `priorbench.worker.__main__`."""
