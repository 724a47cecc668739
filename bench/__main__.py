"""Every measure, one after the other, as the tables of `docs/speed.md`."""

import os
import platform
import sys

from bench import booking, fanout, pages, pistes, planning, searching, start
from bench.ground import say

if __name__ == "__main__":
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} cores, Python {platform.python_version()}, load {load:.1f} when it began.")
    if load > 1:
        say("other work is on this machine: believe the ratios, not the figures")
    fanout.main()
    pages.main("--long" in sys.argv)
    searching.main("--long" in sys.argv)
    booking.main((100_000, 1_000_000) if "--long" in sys.argv else (10_000, 100_000))
    pistes.main(pistes.SIZES if "--long" in sys.argv else pistes.SIZES[:2])
    planning.main()
    start.main()
