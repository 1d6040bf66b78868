"""The README's first five minutes work as they stand."""

import asyncio
import json
import re
import subprocess
from pathlib import Path

import aiohttp
import pytest
from tests.support.program import eventually, running
from tests.support.server import scratch_folder
from tests.support.smtp import smtp_sink

README = Path(__file__).parents[2] / "README.md"
KEY = "8c2f0f5e-5c11-4f6e-9f4b-1f6f7f0a2b3c"

pytestmark = [pytest.mark.crash, pytest.mark.xdist_group("crash")]


def steps() -> dict[str, str]:
    """The commands of the README's first alert, by the comment before each."""
    [block] = re.findall(r"```sh\n(TOCSIN=http://127.*?)```", README.read_text(), re.DOTALL)
    return dict(re.findall(r"^# ([^\n]+)\n(.+?)(?=\n#|\Z)", block, re.DOTALL | re.MULTILINE))


async def test_the_first_alert_of_the_readme_is_told_acknowledged_and_closed() -> None:
    with scratch_folder() as folder:
        async with (
            smtp_sink() as sink,
            running(folder, TOCSIN_SMTP_URL=sink.url, TOCSIN_BOOTSTRAP_API_KEY=KEY) as program,
        ):

            async def run(comment: str) -> dict[str, object]:
                [command] = [command for said, command in steps().items() if said.startswith(comment)]
                done = await asyncio.to_thread(
                    subprocess.run,
                    ["bash", "-euc", f"TOCSIN={program.base_url}\nKEY={KEY}\n{command}"],
                    capture_output=True,
                    text=True,
                    check=True,
                )
                answer = json.loads(done.stdout)
                assert isinstance(answer, dict)
                return answer

            async def alert() -> dict[str, object]:
                data = (await run("what became of it"))["data"]
                assert isinstance(data, dict)
                return data

            assert (await run("something is wrong"))["result"] == "Request will be processed"
            assert (await alert())["message"] == "The disk of db-7 is full"
            await eventually(lambda: bool(sink.to("owner@localhost")))
            assert (await run("whom it told"))["data"]
            await run("somebody looks at it")
            assert (await alert())["acknowledged"] is True
            await run("it is over")
            closed = f"{program.base_url}/v2/alerts/1?identifierType=tiny"  # an alias names an open alert only
            async with aiohttp.request("GET", closed, headers={"Authorization": f"GenieKey {KEY}"}) as response:
                assert (await response.json())["data"]["status"] == "closed"
