"""Several processes on one store: claims of runs, database servers, files on network file systems."""
