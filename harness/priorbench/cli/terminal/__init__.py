"""What is special on a terminal: help pages that fit, YAML that is folded, what a dry run says."""
