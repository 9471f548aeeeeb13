"""Pieces of pages that are drawn in more than one place. They show values; they compute none."""
