"""`make mutation`: the share of mutants that the tests of targets.toml notice, and each that they do not.

Ends with 1 when a file has a survivor that targets.toml does not explain, or fewer than 85 % of all were killed.
"""

import sys

from tests.mutation.examining import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
