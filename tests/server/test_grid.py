"""The grid: values of a wildcard against rules, in the order in which jobs flow."""

from __future__ import annotations

from snakemake_logger_plugin_flowo import wire

from flowo.runs.grid import ordered
from tests.factories import Tape, headers, packed
from tests.server.servers import Served


async def posted(served: Served, tape: Tape) -> str:
    answer = await served.client.post(tape.path, content=packed(tape.body()), headers=headers())
    assert answer.status_code == 200, answer.text
    return f"/api/v1/runs/{tape.run_id}/grid"


async def test_the_grid(served: Served) -> None:
    tape = Tape().opened()
    tape.add(wire.RuleGraph(nodes=["all", "map", "align"], links=[[1, 0], [2, 1]]))
    tape.info(0, "all", wildcards={})
    for job, sample in enumerate("AB", start=1):
        tape.info(job, "align", wildcards={"sample": sample, "lane": "1"})
        tape.info(10 + job, "align", wildcards={"sample": sample, "lane": "2"})
        tape.info(20 + job, "map", wildcards={"sample": sample})
    tape.finished(1, 11, 21).failed(12)
    url = await posted(served, tape)
    answer = await served.client.get(url)
    grid = answer.json()
    assert (grid["wildcard"], grid["wildcards"], grid["total"]) == ("sample", ["sample", "lane"], 2)
    assert (grid["rules"], grid["values"]) == (["align", "map", "all"], ["A", "B", None])
    found = {
        (grid["values"][row], grid["rules"][rule], grid["statuses"][status]): (jobs, number)
        for row, rule, status, jobs, number in grid["cells"]
    }
    assert found == {
        ("A", "align", "succeeded"): (2, 1), ("A", "map", "succeeded"): (1, 21),
        ("B", "align", "failed"): (1, 12), ("B", "align", "running"): (1, 2), ("B", "map", "running"): (1, 22),
        (None, "all", "running"): (1, 0),
    }  # fmt: skip
    lanes = (await served.client.get(url, params={"wildcard": "lane"})).json()
    assert lanes["values"] == ["1", "2", None]
    assert (await served.client.get(url, headers={"If-None-Match": answer.headers["etag"]})).status_code == 304
    other = await served.client.get(url, params={"wildcard": "lane"}, headers={"If-None-Match": answer.headers["etag"]})
    assert other.status_code == 200


async def test_rows_are_samples_rather_than_lanes(served: Served) -> None:
    tape = Tape().opened()
    for job, sample in enumerate("ABC", start=1):
        tape.info(job, wildcards={"lane": "1", "sample": sample})
    grid = (await served.client.get(await posted(served, tape))).json()
    assert (grid["wildcard"], grid["values"]) == ("sample", ["A", "B", "C"])


async def test_no_wildcards_no_rows(served: Served) -> None:
    url = await posted(served, Tape().opened().info(1, wildcards={}))
    assert (await served.client.get(url)).json()["wildcard"] is None
    assert (await served.client.get(url.replace("/grid", "x/grid"))).status_code == 422


def test_rules_in_a_loop_are_all_told() -> None:
    assert ordered(["a", "b", "c"], [("a", "b"), ("b", "a"), ("c", "a")]) == ["c", "a", "b"]
