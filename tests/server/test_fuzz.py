"""Bad input made from the OpenAPI itself: no answer of 500, problems as problem+json, and 401 before all else."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.server.servers import Served

# A stream ends when it likes; the demo runs Snakemake.
LEFT_OUT = {("GET", "/api/v1/stream"), ("POST", "/api/v1/demo")}


@schemathesis.serializer("application/x-ndjson")
def ndjson(_context: Any, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


def cases(schema: Any, examples: int) -> list[Any]:
    """Requests of every operation: half as the OpenAPI wants them, half not."""
    found: list[Any] = []
    for result in schema.get_all_operations():
        operation = result.ok()
        if (operation.method.upper(), operation.path) in LEFT_OUT:
            continue
        modes = [schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE]
        strategy = st.one_of([operation.as_strategy(generation_mode=mode) for mode in modes])

        @settings(
            max_examples=examples, deadline=None, database=None, derandomize=True,
            suppress_health_check=list(HealthCheck), phases=[Phase.generate],
        )  # fmt: skip
        @given(strategy)
        def collect(case: Any) -> None:
            found.append(case)

        try:
            collect()
        except Exception as error:
            # Operations without any input have no negative cases; nothing is lost by that.
            if "generate" not in str(error).lower() and "unsatisf" not in str(error).lower():
                raise
    return found


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "examples",
    [
        pytest.param(6, marks=pytest.mark.timeout(300)),
        pytest.param(30, marks=[pytest.mark.all, pytest.mark.timeout(1800)]),
    ],
)
async def test_no_input_makes_an_error_of_ours(alone: Served, examples: int) -> None:
    described = (await alone.client.get("/api/openapi.json")).json()
    made = await asyncio.to_thread(lambda: cases(schemathesis.openapi.from_dict(described), examples))
    assert len(made) > 200
    async with httpx.AsyncClient(base_url=alone.url, timeout=30) as stranger:
        for case in made:
            arguments = case.as_transport_kwargs(base_url=alone.url)
            arguments.pop("allow_redirects", None)
            headers = {k: v for k, v in (arguments.pop("headers", None) or {}).items() if k.lower() != "authorization"}
            body = {
                key: arguments[key] for key in ("json", "data", "params", "files") if arguments.get(key) is not None
            }
            if isinstance(body.get("data"), bytes | str):
                body["content"] = body.pop("data")
            method, url = arguments["method"], arguments["url"]
            try:
                known = alone.client.build_request(method, url, headers=headers, **body)
                unknown = stranger.build_request(method, url, headers=headers, **body)
            except (ValueError, TypeError, httpx.InvalidURL, UnicodeError):
                continue  # what our client cannot write, no server can read
            told = f"{method} {url} {body!r:.300}"
            answer = await alone.client.send(known)
            assert answer.status_code < 500 or answer.status_code == 503, f"{told}: {answer.text}"
            if answer.status_code >= 400 and method != "HEAD":
                assert answer.headers["content-type"] == "application/problem+json", f"{told}: {answer.text:.200}"
            if "public" not in described["paths"][case.operation.path][method.lower()]["tags"]:
                refused = await stranger.send(unknown)
                assert refused.status_code in (401, 404, 405), f"{told}: {refused.status_code}"
