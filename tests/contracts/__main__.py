"""`python -m tests.contracts [SECONDS] [SEED]`: lets schemathesis look for what the document does not say."""

import secrets
import sys
import tempfile
from pathlib import Path

from tests.contracts import fuzzing


def main(seconds: str = "600", seed: str = "") -> int:
    """1 where something was found. The same seed asks the same."""
    seed = seed or str(secrets.randbelow(10**6))
    print(f"seed {seed}: {seconds} s on what is there, then as long on what it makes", flush=True)
    found = 0
    with tempfile.TemporaryDirectory() as folder, fuzzing.system() as (world, var):
        common = ("--seed", seed, "--max-time", seconds, "--continue-on-failure")
        here = ("--phases", "examples,coverage,fuzzing")
        wide = ("--phases", "stateful", "--mode", "positive", "--include-path-regex", "^/api/v1/organizations")
        for arguments, narrow in ((here, True), (wide, False)):
            done = fuzzing.run(world, Path(folder), *common, *arguments, narrow=narrow)
            print(done.stdout, done.stderr, flush=True)
            found |= done.returncode
        for line in fuzzing.unexpected(var):
            print(line)
            found = 1
    return found


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
