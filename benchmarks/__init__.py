"""The figures that Tocsin keeps: `make bench`."""
