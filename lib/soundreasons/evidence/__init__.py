"""What a sample says of a bar, and what the checks of a claim say together."""
