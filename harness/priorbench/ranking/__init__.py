"""From the scores of a store to leaderboards and paired comparisons."""
