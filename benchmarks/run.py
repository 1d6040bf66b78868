"""`make bench`: the figures of docs/benchmarks.md, as ratios taken in one run, alternating, median of the rounds."""

import argparse
import asyncio
import json
import os
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import uvloop
from tests.support.server import scratch_folder

from benchmarks import parts
from benchmarks.parts import Load, Tocsin
from tocsin import __version__
from tocsin.clock import SystemClock
from tocsin.postgres import EmbeddedServer

RESULTS = Path(__file__).parent / "results"


def median(values: list[float]) -> float:
    return statistics.median(values)


def say(text: str) -> None:
    print(text, flush=True)


def alternate(rounds: int, systems: dict[str, Callable[[int], Load]]) -> dict[str, list[Load]]:
    """Each system once a round, in turn, so that a slow minute of the machine hits all of them."""
    loads: dict[str, list[Load]] = {name: [] for name in systems}
    for number in range(rounds):
        for name, measure in systems.items():
            load = measure(number)
            loads[name].append(load)
            say(
                f"  round {number + 1} {name:14} {load.rate:9.0f}/s  p50 {load.p50_ms:7.1f} ms  "
                f"p99 {load.p99_ms:7.1f} ms  {load.cpu_ms:.3f} CPU ms" + (f"  {load.bad} BAD" if load.bad else "")
            )
    return loads


def summary(loads: dict[str, list[Load]], base: str) -> dict[str, Any]:
    """Medians of each system, and the ratio of `base` (Tocsin) to it, round by round."""
    result: dict[str, Any] = {}
    for name, found in loads.items():
        result[name] = {
            "rate": round(median([load.rate for load in found])),
            "p50_ms": round(median([load.p50_ms for load in found]), 2),
            "p99_ms": round(median([load.p99_ms for load in found]), 2),
            "cpu_ms": round(median([load.cpu_ms for load in found]), 4),
            "bad": sum(load.bad for load in found),
        }
    for name, found in loads.items():
        if name != base:
            pairs = list(zip(loads[base], found, strict=True))
            rate = median([ours.rate / theirs.rate for ours, theirs in pairs])
            cpu = median([ours.cpu_ms / theirs.cpu_ms for ours, theirs in pairs])
            result[name] |= {"tocsin_to_this_rate": round(rate, 3), "tocsin_to_this_cpu": round(cpu, 3)}
    return result


def ingest(server: EmbeddedServer, folder: Path, rounds: int, seconds: int) -> dict[str, Any]:
    """One alert a request, 64 connections: the floor, Alertmanager, Tocsin with new aliases and with one alias."""
    with (
        parts.sink() as webhook,
        parts.floor(server) as (floor_url, floor_pids),
        parts.alertmanager(None, folder) as (am_url, am_pids),
        parts.tocsin(server, webhook) as tocsin,
    ):
        key = tocsin.silent_key
        floor_key = "11111111-2222-4333-8444-555555555555"
        loads = alternate(
            rounds,
            {
                "tocsin": lambda n: parts.wrk(tocsin.url, "tocsin", f"u{n}-", key, seconds, tocsin.pids),
                "floor": lambda n: parts.wrk(floor_url, "floor", f"u{n}-", floor_key, seconds, floor_pids),
                "alertmanager": lambda n: parts.wrk(am_url, "alertmanager", f"u{n}-", "", seconds, am_pids),
                "duplicates": lambda n: parts.wrk(tocsin.url, "tocsin", "same", key, seconds, tocsin.pids),
            },
        )
    return summary(loads, "tocsin")


def deliveries(webhook: str, expected: int, patience: float) -> tuple[int, float]:
    """How many the sink has seen once it saw `expected`, or nothing new for a while; and when that was."""
    last, since = -1, time.monotonic()
    end = since + patience
    while time.monotonic() < end:
        count = json.loads(parts.ask(f"{webhook}/seen"))["count"]
        if count != last:
            last, since = count, time.monotonic()
        if count >= expected or time.monotonic() - since > 3:
            break
        time.sleep(0.05)
    return last, since


def accept_and_notify(server: EmbeddedServer, folder: Path, rounds: int, seconds: int) -> dict[str, Any]:
    """One webhook an alert: deliveries a second, from the first request to the last delivery."""
    rates: dict[str, list[float]] = {"tocsin": [], "alertmanager": []}
    lost: dict[str, int] = {"tocsin": 0, "alertmanager": 0}
    with (
        parts.sink() as webhook,
        parts.alertmanager(f"{webhook}/am", folder) as (am_url, am_pids),
        parts.tocsin(server, webhook) as tocsin,
    ):
        loads: dict[str, Callable[[int], Load]] = {
            "tocsin": lambda n: parts.wrk(tocsin.url, "tocsin", f"n{n}-", tocsin.paging_key, seconds, tocsin.pids),
            "alertmanager": lambda n: parts.wrk(am_url, "alertmanager", f"n{n}-", "", seconds, am_pids),
        }
        for number in range(rounds):
            for name, load in loads.items():
                parts.ask(f"{webhook}/reset")
                started = time.monotonic()
                sent = load(number).requests
                count, at = deliveries(webhook, sent, 180)
                rates[name].append(count / (at - started))
                lost[name] += max(0, sent - count)
                say(f"  round {number + 1} {name:14} {rates[name][-1]:8.0f} notified/s of {sent} accepted")
    ratio = median([ours / theirs for ours, theirs in zip(rates["tocsin"], rates["alertmanager"], strict=True)])
    return {
        "tocsin": {"notified_per_second": round(median(rates["tocsin"])), "not_notified": lost["tocsin"]},
        "alertmanager": {
            "notified_per_second": round(median(rates["alertmanager"])),
            "not_notified": lost["alertmanager"],
            "tocsin_to_this_rate": round(ratio, 3),
        },
    }


async def paced(tocsin: Tocsin, webhook: str, rate: float, number: int, prefix: str, key: str) -> dict[str, float]:
    """`number` alerts at `rate` a second; from each 202 to the first byte at the provider, in milliseconds."""
    parts.ask(f"{webhook}/reset")
    accepted: dict[str, float] = {}
    async with aiohttp.ClientSession(headers={"Authorization": f"GenieKey {key}"}) as http:

        async def one(alias: str) -> None:
            async with http.post(tocsin.url, json={"message": "m", "alias": alias}) as answer:
                await answer.read()
                accepted[alias] = time.monotonic()

        seen: dict[str, float] = {}
        started, tasks = time.monotonic(), []
        for index in range(number):
            await asyncio.sleep(max(0.0, started + index / rate - time.monotonic()))
            tasks.append(asyncio.create_task(one(f"{prefix}{index}")))
        await asyncio.gather(*tasks)
        for _ in range(200):
            async with http.get(f"{webhook}/seen") as answer:
                seen = json.loads(await answer.read())["first"]
            if len(seen) >= number:
                break
            await asyncio.sleep(0.05)
    waits = sorted(1000 * max(0.0, seen[alias] - at) for alias, at in accepted.items() if alias in seen)
    return {
        "p50_ms": round(waits[len(waits) // 2], 2),
        "p99_ms": round(waits[min(len(waits) - 1, int(len(waits) * 0.99))], 2),
        "max_ms": round(waits[-1], 2),
        "missing": number - len(waits),
    }


def latency(server: EmbeddedServer) -> dict[str, Any]:
    """Accepted → first byte at the provider: idle, and at 200 alerts a second."""
    with parts.sink() as webhook, parts.tocsin(server, webhook) as tocsin:
        key = tocsin.paging_key
        uvloop.run(paced(tocsin, webhook, 20, 40, "warm", key))
        idle = uvloop.run(paced(tocsin, webhook, 10, 150, "idle", key))
        busy = uvloop.run(paced(tocsin, webhook, 200, 3000, "busy", key))
    say(f"  idle {idle}\n  at 200/s {busy}")
    return {"idle": idle, "at_200_per_second": busy}


def storm(server: EmbeddedServer) -> dict[str, Any]:
    """10,000 alerts as fast as they are taken, each to fifty people in turn of its escalation: until all are told."""
    with parts.sink() as webhook, parts.tocsin(server, webhook) as tocsin:
        parts.ask(f"{webhook}/reset")
        started = time.monotonic()
        load = parts.wrk(tocsin.url, "tocsin", "storm-", tocsin.paging_key, 2, tocsin.pids, connections=256)
        count, at = deliveries(webhook, load.requests, 240)
        memory = parts.pss_megabytes(tocsin.pids[:2])
    result = {
        "alerts": load.requests,
        "ingest_p99_ms": round(load.p99_ms, 1),
        "seconds_until_all_told": round(at - started, 2),
        "not_told": max(0, load.requests - count),  # those that the load left unanswered at its end are told too
        "pss_mb_api_and_worker": round(memory),
    }
    say(f"  {result}")
    return result


def idle_memory(server: EmbeddedServer) -> dict[str, Any]:
    """PSS of the API and the worker after start, without PostgreSQL."""
    with parts.sink() as webhook, parts.tocsin(server, webhook) as tocsin:
        parts.wrk(tocsin.url, "tocsin", "one-", tocsin.silent_key, 1, tocsin.pids, connections=1)
        result = {"api_and_worker_mb": round(parts.pss_megabytes(tocsin.pids[:2]), 1)}
    say(f"  {result}")
    return result


def main() -> None:
    """Measure, print, and write benchmarks/results/<day>.json."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=6)
    parser.add_argument("--only", choices=["ingest", "notify", "latency", "storm", "memory"], action="append")
    parser.add_argument("--write", action=argparse.BooleanOptionalAction, default=True)
    options = parser.parse_args()
    wanted = options.only or ["ingest", "notify", "latency", "storm", "memory"]
    result: dict[str, Any] = {"version": __version__, "cpus": os.cpu_count(), "python": platform.python_version()}
    with scratch_folder() as folder, parts.database(folder / "data") as server:
        measures: dict[str, Callable[[], dict[str, Any]]] = {
            "memory": lambda: idle_memory(server),
            "ingest": lambda: ingest(server, folder, options.rounds, options.seconds),
            "latency": lambda: latency(server),
            "notify": lambda: accept_and_notify(server, folder, options.rounds, options.seconds),
            "storm": lambda: storm(server),
        }
        for name, measure in measures.items():
            if name in wanted:
                say(name)
                result[name] = measure()
    print(json.dumps(result, indent=2))
    if options.write:
        RESULTS.mkdir(exist_ok=True)
        path = RESULTS / f"{SystemClock().now():%Y-%m-%d}.json"
        path.write_text(json.dumps(result, indent=2) + "\n")
        say(f"written to {path.relative_to(Path.cwd())}")


if __name__ == "__main__":
    main()
