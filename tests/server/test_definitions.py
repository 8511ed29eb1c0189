"""What a workflow is made of, from the wire to the API: configuration, hashes, profiles, and rules as written."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

from snakemake_logger_plugin_flowo import wire

from tests.factories import Tape
from tests.server.asked import get, post
from tests.server.servers import Served

SCRIPT = "print('hello')\n"
HASH = hashlib.sha256(SCRIPT.encode()).hexdigest()
CODE = 'rule map:\n    script: "map.py"\n'


def made() -> Tape:
    tape = Tape().opened(profiles=["/home/ada/.config/snakemake/slurm/config.yaml"])
    return tape.add(
        wire.Config(files=["config.yaml"], config={"samples": ["A"], "db": {"password": "***"}}, cut=True),
        wire.Provenance(hashes={"config.yaml": "ab" * 32}),
        wire.Provenance(git_commit="c0ffee", git_dirty=False),
        wire.Source(hash=HASH, text=SCRIPT, size=len(SCRIPT)),
        wire.Rule(
            rule="map",
            directive="script",
            container="docker://lab/map:1",
            sources=[
                {"role": "rule", "path": "/data/Snakefile", "line": 3, "text": CODE},
                {"role": "script", "path": "/data/map.py", "hash": HASH},
                {"role": "conda", "path": "/data/map.yaml", "note": "there is no such file"},
            ],
        ),
    ).info(1, params={"n": 3})


async def test_a_run_tells_its_configuration(alone: Served) -> None:
    tape = made()
    await post(alone, tape)
    run = await get(alone, f"/api/v1/runs/{tape.run_id}")
    assert run["config"] == {"samples": ["A"], "db": {"password": "***"}}
    assert run["config_cut"] is True
    assert run["configfiles"] == ["config.yaml"]
    assert run["file_hashes"] == {"config.yaml": "ab" * 32}
    assert run["profiles"] == ["/home/ada/.config/snakemake/slurm/config.yaml"]
    assert run["git"]["commit"] == "c0ffee"


async def test_a_rule_tells_its_code_and_files(alone: Served) -> None:
    tape = made()
    await post(alone, tape)
    rule = await get(alone, f"/api/v1/runs/{tape.run_id}/rules/map")
    assert (rule["directive"], rule["container"], rule["modules"]) == ("script", "docker://lab/map:1", [])
    assert [(part["role"], part["line"], part["text"], part["sha256"], part["note"]) for part in rule["sources"]] == [
        ("rule", 3, CODE, None, None),
        ("script", None, SCRIPT, HASH, None),
        ("conda", None, None, None, "there is no such file"),
    ]
    job = await get(alone, f"/api/v1/runs/{tape.run_id}/jobs/1")
    assert job["params"] == {"n": 3}


async def test_what_is_not_known_is_empty_and_what_is_not_there_is_not_found(alone: Served) -> None:
    tape = Tape().opened().info(1, rule="weird/name é")
    await post(alone, tape)
    run = await get(alone, f"/api/v1/runs/{tape.run_id}")
    assert (run["config"], run["config_cut"], run["file_hashes"], run["profiles"]) == (None, False, {}, [])
    rule = await get(alone, f"/api/v1/runs/{tape.run_id}/rules/weird/name é")
    assert (rule["sources"], rule["directive"]) == ([], None)
    for path in (f"/api/v1/runs/{tape.run_id}/rules/other", f"/api/v1/runs/{uuid.uuid4()}/rules/map"):
        assert (await alone.client.get(path)).status_code == 404


async def test_odd_definitions_cost_themselves_only(alone: Served) -> None:
    odd: Any = [{"role": 3, "path": ["x"], "line": "one", "text": {"a": 1}, "hash": None}, "no part", None]
    tape = Tape().opened()
    tape.add(
        wire.Source(hash="no hash", text="x"),
        wire.Source(hash="abc", text="x"),
        wire.Rule(rule="map", sources=odd, modules=["m"] * 1_000),
        wire.Rule(rule="cut", sources=[{"role": "script", "hash": "zz" * 32}]),
        wire.Config(files=["a\0b"], config={"x": "y" * 3_000_000}),
        wire.Provenance(hashes={"a": "b\0" * 500}),
    )
    tape.info(1)
    await post(alone, tape)
    run = await get(alone, f"/api/v1/runs/{tape.run_id}")
    assert (run["skipped_events"], run["jobs"]["total"], run["config"]) == (3, 1, None)
    rule = await get(alone, f"/api/v1/runs/{tape.run_id}/rules/map")
    assert [(part["role"], part["line"]) for part in rule["sources"]] == [("3", None)]
