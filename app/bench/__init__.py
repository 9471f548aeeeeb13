"""Measurements behind `trustdesk bench NAME`: ours beside the peer and the limit in one run."""
