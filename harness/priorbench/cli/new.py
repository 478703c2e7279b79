def new() -> None:
    "Placeholder"
