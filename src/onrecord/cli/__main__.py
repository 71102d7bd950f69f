"""``python -m onrecord.cli``: the same as ``onrecord``, for an environment whose scripts are not on the path."""

from onrecord.cli.main import main

main()
