"""Notice of a membership that an administrator ended."""
