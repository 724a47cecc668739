"""`python -m bench.chaos`: ten minutes of a crowd over all rooms under kill -9, then the proof, promise by promise."""

import argparse
import asyncio
import os
import random
import secrets
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import uvloop

from bench.chaos import check, lies, town
from bench.chaos.check import SHOWN, Promise
from bench.chaos.crowd import Crowd
from bench.chaos.harm import BY_NAME, Harm
from bench.chaos.ledger import Ledger
from bench.cluster import Cluster, Missing, cluster, end_at_signals
from bench.ground import say, table
from entente.house import House
from entente.settings import load

QUIET = 0.15
"""The share of the time at the end in which nothing is killed any more."""
GRACE = 600.0
"""How long, in seconds, everything but the storm itself may take before the watchdog ends it all."""


def _asked() -> argparse.Namespace:
    asking = argparse.ArgumentParser(prog="python -m bench.chaos", description=__doc__)
    asking.add_argument("--seconds", type=float, default=600, help="how long the crowd acts")
    asking.add_argument("--people", type=int, default=500)
    asking.add_argument("--rate", type=float, default=0, help="acts a second, all together (people / 25 unless said)")
    asking.add_argument("--workers", type=int, default=3, help="server processes")
    asking.add_argument("--seed", type=int, default=0, help="the storm of an earlier run again")
    asking.add_argument("--calm", action="store_true", help="kill nothing: the crowd alone")
    asking.add_argument("--only", choices=sorted(BY_NAME), help="kill nothing else")
    asking.add_argument("--keep", type=Path, help="a folder where logs are kept")
    return asking.parse_args()


async def storm(made: Cluster, asked: argparse.Namespace, draw: random.Random) -> tuple[Crowd, list[Promise]]:
    """Settle, let the crowd in, kill, wait for quiet, and look."""
    house = House.build(load(**made.settings()))
    say(f"{asked.people} people settle")
    known = await town.settle(house, made.postgres.url, asked.people)
    await house.database.close()
    await asyncio.to_thread(made.open)
    ledger = Ledger()
    crowd = Crowd(made.base, known, ledger, draw, asked.rate or max(4.0, asked.people / 25))
    harm = Harm(made, ledger, random.Random(draw.getrandbits(64)), asked.only)
    await crowd.come()
    keeping = asyncio.create_task(harm.keep())
    say(f"the storm begins, for {asked.seconds:.0f} s")
    ends = time.monotonic() + asked.seconds
    if not asked.calm:
        between = (3.0, 9.0) if asked.seconds <= 120 else (5.0, 15.0)
        await harm.reign(asked.seconds * (1 - QUIET), between)
    await asyncio.sleep(max(0.0, ends - time.monotonic()))
    say("the crowd rests; what was left for later is waited for")
    await crowd.rest()
    promises = await check.settle(made, crowd)
    await crowd.go()
    promises += await check.check(made, crowd)
    if not any(each.broken for each in promises):
        promises.append(await lies.promise(made, crowd))
    keeping.cancel()
    return crowd, promises


def tell(crowd: Crowd, promises: Sequence[Promise], seconds: float) -> bool:
    """The tables; whether every promise was kept."""
    acts = crowd.ledger.acts
    names = sorted({act for act, _ in acts})
    ends = ("done", "refused", "unanswered")
    lines = [[name, *(acts[name, end] for end in ends)] for name in names]
    table(f"What {len(crowd.town.people)} people did in {seconds:.0f} s", ["act", *ends], lines)
    kinds = sorted({what for _, what in crowd.ledger.kills})
    killed = [[kind, sum(what == kind for _, what in crowd.ledger.kills)] for kind in kinds]
    table("What was killed", ["kill -9 of", "times"], killed)
    slowest, silence = crowd.ledger.slowest, crowd.ledger.silence
    print(f"\nThe slowest answer took {slowest:.1f} s; the longest time without any was {silence:.1f} s.")
    print(f"Answers of 500, which nobody foresaw: {crowd.ledger.failures}.")
    shown = [[each.what, each.looked_at, "kept" if not each.broken else f"BROKEN {len(each.broken)} times"]
             for each in promises]  # fmt: skip
    table("What was promised", ["promise", "looked at", "outcome"], shown)
    for each in promises:
        for broken in each.broken[:SHOWN]:
            print(f"BROKEN: {each.what}: {broken}")
    sys.stdout.flush()
    return not any(each.broken for each in promises)


def _watch(made: Cluster, seconds: float) -> threading.Timer:
    """Whatever hangs, this run ends, and leaves no process behind."""

    def end() -> None:
        say(f"the watchdog ends this run after {seconds:.0f} s")
        made.end()
        os._exit(3)

    watchdog = threading.Timer(seconds, end)
    watchdog.daemon = True
    watchdog.start()
    return watchdog


def main() -> int:
    """0 when every promise was kept, 1 when one was broken, 2 when this machine lacks something."""
    asked = _asked()
    end_at_signals()
    seed = asked.seed or secrets.randbelow(10**9)
    print(
        f"seed {seed}: `python -m bench.chaos --seed {seed} --people {asked.people} --seconds {asked.seconds:.0f}`",
        flush=True,
    )
    folder = Path(tempfile.mkdtemp(prefix="entente-chaos-"))
    try:
        with cluster(folder, asked.workers) as made:
            watchdog = _watch(made, asked.seconds + GRACE)
            crowd, promises = uvloop.run(storm(made, asked, random.Random(seed)))
            watchdog.cancel()
            is_kept = tell(crowd, promises, asked.seconds)
    except Missing as error:
        say(f"this machine lacks {error}")
        return 2
    finally:
        if asked.keep:
            shutil.copytree(folder, asked.keep, ignore=shutil.ignore_patterns("postgres", "data"), dirs_exist_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
    return 0 if is_kept else 1


if __name__ == "__main__":
    sys.exit(main())
