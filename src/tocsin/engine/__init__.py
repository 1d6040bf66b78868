"""The engine: the loop that asks each room to advance what is due."""
