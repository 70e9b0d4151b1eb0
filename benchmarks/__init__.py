"""What Stockwright does in a second, measured beside references of the same run."""
