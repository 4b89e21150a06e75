"""Tests of the games, a file each."""
