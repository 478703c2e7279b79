"""The texts of records as a store has them: packed, and of earlier schemas."""
