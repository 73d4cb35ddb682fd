"""Who may do what, as every service sees it: callers, copies of the rights that others own, and the check."""
