"""What is special on a terminal: help pages that fit, and YAML that is folded."""
