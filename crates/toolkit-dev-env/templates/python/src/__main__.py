"""The command line."""

import argparse
from collections.abc import Sequence

from {{module}} import greet


def main(arguments: Sequence[str] | None = None) -> int:
    """Greet who is named and say how it went."""
    parser = argparse.ArgumentParser(prog="{{package}}", description=__doc__)
    parser.add_argument("name", nargs="?", default="", help="who is greeted")
    print(greet(parser.parse_args(arguments).name))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
