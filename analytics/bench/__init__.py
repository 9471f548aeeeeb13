"""What the benchmarks measure against: test data, plain ways to the same figures, copies that may be written to. Knows no page."""
