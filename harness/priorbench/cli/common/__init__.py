"""What several commands share: amounts as they are typed, output, progress, files."""
