"""What the attacks of this folder share: outcomes, runs in processes of their own, and how outcomes are counted."""
