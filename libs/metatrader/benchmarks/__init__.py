"""Speed of the package, as ratios measured in one run."""
