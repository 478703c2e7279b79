"""What the attacks of this folder share: outcomes, and runs in processes of their own."""
