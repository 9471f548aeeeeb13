"""Tests of the engines that run mart SQL."""
