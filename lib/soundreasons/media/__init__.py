"""Reading and writing sound (and, with the chapters that need it, video)."""
