"""What looks like a secret, and what only looks so; and that nothing gets into a record beside the mask."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from snakemake_logger_plugin_flowo import LogHandler, LogHandlerSettings, mask, secrets, wire
from snakemake_logger_plugin_flowo.mask import Mask, mask_argv, mask_text
from snakemake_logger_plugin_flowo.secrets import shapes_masked

from tests.plugin import replay

# Made from parts, so that no scanner takes this file for a leak.
GITHUB = "ghp_" + "a1B2" * 9
SLACK = "xoxb-" + "1234567890-abcdef"
JWT = "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0In0." + "c2lnbmF0dXJl"

HIDDEN = [  # (text, what must be gone, what must stay)
    ("curl -H 'Authorization: Bearer hunter2' https://x", "hunter2", "https://x"),
    ('curl -H "Authorization: token hunter2" https://x', "hunter2", "https://x"),
    ("curl -H 'X-Api-Key: hunter2' x", "hunter2", "curl"),
    ("curl --header 'PRIVATE-TOKEN: hunter2' x", "hunter2", "curl"),
    ("curl -b 'Cookie: sid=hunter2; a=b' x", "hunter2", "curl"),
    ("curl -u bob:hunter2 https://x", "hunter2", "bob:"),
    ("curl --user 'bob:hunter2' https://x", "hunter2", "bob:"),
    ("wget --password=hunter2 --user=bob u", "hunter2", "--user=bob u"),
    ("wget --http-password hunter2 u", "hunter2", "wget"),
    ("mysql -u root -phunter2 db < in.sql", "hunter2", "in.sql"),
    ("sshpass -p hunter2 ssh h", "hunter2", "ssh h"),
    ("sshpass -p 'hunter 2' ssh h", "hunter 2", "ssh h"),
    ("PGPASSWORD=hunter2 psql -h db", "hunter2", "psql -h db"),
    ("psql postgresql://bob:hunter2@db/x", "hunter2", "@db/x"),
    ("git clone https://hunter2@git.lab/x.git", "hunter2", "@git.lab/x.git"),
    ("psql postgresql://bob:hun@ter2@db/x", "ter2", "@db/x"),
    ("http_proxy=http://bob:hunter2@proxy:8080 x", "hunter2", "proxy:8080"),
    ("https_proxy=bob:hunter2@proxy.lab:8080 x", "hunter2", "proxy.lab:8080"),
    ("openssl enc -pass pass:hunter2 -in x", "hunter2", "-in x"),
    ("machine h login bob password hunter2", "hunter2", "login bob"),
    ("docker run -e API_TOKEN=hunter2 img", "hunter2", "img"),
    ("export SECRET=hunter2; run", "hunter2", "; run"),
    ("sbatch --export=A=1,API_KEY=hunter2 job", "hunter2", "A=1"),
    ('{"password": "hun\\"ter2", "n": 3}', "ter2", '"n": 3'),
    ("{'api_key': 'hunter2', 'n': 3}", "hunter2", "'n': 3"),
    ('{\\"password\\": \\"hunter2\\", \\"n\\": 3}', "hunter2", '\\"n\\": 3'),
    ("db:\n  user: bob\n  password: hun, ter2  # mine\n  n: 3", "ter2", "n: 3"),
    ("password = '''hun\nter2'''\nn = 3", "ter2", "n = 3"),
    ('os.environ["API_TOKEN"] = "hunter2"', "hunter2", "API_TOKEN"),
    ("login(user='bob', password='hunter2')", "hunter2", "user='bob'"),
    ("TOKEN := hunter2", "hunter2", "TOKEN"),
    ("<password>hunter2</password>", "hunter2", "</password>"),
    ("https://x/?access_token=hunter2&n=3", "hunter2", "n=3"),
    ("https://x.blob/?sv=1&sig=hunter2%3D&n=3", "hunter2", "n=3"),
    ("https://x.s3/k?X-Amz-Signature=0a1b2c3d&X-Amz-Expires=60", "0a1b2c3d", "X-Amz-Expires=60"),
    ("DefaultEndpointsProtocol=https;AccountKey=hunter2==;n=3", "hunter2", "n=3"),
    ("key: 9f8A7b6C5d4E3f2A1b0C", "9f8A7b6C5d4E3f2A1b0C", "key"),
    (f"pushed with {GITHUB} to x", GITHUB, "to x"),
    (f"says {SLACK} now", SLACK, "now"),
    (f"says {JWT} now", JWT, "now"),
    ("post https://hooks.slack.com/services/T00/B00/hunter2x", "hunter2x", "hooks.slack.com"),
    ("-----BEGIN RSA PRIVATE KEY-----\nhun\nter2\n-----END RSA PRIVATE KEY-----\nn", "ter2", "\nn"),
    ("-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2", "hunter2", "BEGIN"),
]  # fmt: skip

SHOWN = [
    "bwa mem -t 4 ref.fa a.fq | samtools sort -o out.bam -",
    "sort -k1,1 --key=2 in.tsv",
    "sort_key: sample_id",
    "key: sample",
    "max_tokens=512 n_tokens: 3",
    "tokenizer=bpe-large --tokenizer bpe",
    "rule tokenize:\n    output: 'tokens.txt'",
    "token = config['token']",
    "password=os.environ['PW'], token=get_token(1)",
    "--password $PW --token ${TOKEN} -u $USER:$PW",
    "curl -H \"Authorization: Bearer $TOKEN\" {params.url}",
    "--token {params.token} password={config[password]}",
    "docker run -u 1000:1000 img@sha256:0123",
    "docker://quay.io/lab/img:1.0@sha256:0123456789",
    "git@github.com:lab/x.git ssh://git@host/x",
    "author: bob <bob@lab.org>",
    "Missing output files: key=3/token=A/x.txt",
    "password_file=/home/bob/.pw --token-file t.txt",
    "compass: north, passed: 12, pass: 2",
    "def f(token: str, password: str | None = None):",
    "PWD=/home/bob cwd",
]  # fmt: skip


@pytest.mark.parametrize(("text", "gone", "stays"), HIDDEN)
def test_secrets_in_texts(text: str, gone: str, stays: str) -> None:
    masked = mask_text(text)
    assert gone not in masked
    assert stays in masked
    assert "***" in masked
    assert mask_text(masked) == masked


@pytest.mark.parametrize("text", [text for text in SHOWN if "token=A" not in text])
def test_what_is_no_secret_stays(text: str) -> None:
    assert mask_text(text) == text


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab1 =:'\"\\-_.,;{}[]()/@\n$*" + "token", max_size=80))
def test_masking_is_total_and_settles(text: str) -> None:
    once = mask_text("password" + text)
    assert mask_text(once).count("***") >= min(1, once.count("***"))
    shapes_masked(text)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([*secrets.HINTS, *"tokenpascrduhigwx_-@yAE", "TOKEN", "K"]), max_size=12).map("".join))
def test_a_hint_is_found_wherever_it_stands(text: str) -> None:
    assert secrets.hinted(text) == any(hint in text.lower() for hint in secrets.HINTS)


@pytest.mark.parametrize("hint", secrets.HINTS)
def test_each_hint_is_found(hint: str) -> None:
    assert secrets.hinted(f"x{hint.upper()}x")
    assert not secrets.hinted(hint[1:] + hint[:1]) or hint == "@"


@pytest.mark.parametrize(
    "text",
    [
        "a" * 200_000 + " token", "token=" + '"' * 100_000, "password: " + "'a" * 50_000, "token " + "--a " * 50_000,
        "key " + "{" * 100_000, "login x password " * 5_000, "token=" + "\\" * 100_000, "mysql " * 20_000,
        "@" * 100_000, "http://" + "a:" * 50_000 + " @", "-----BEGIN PRIVATE KEY-----" * 3_000, "token=$(" * 30_000,
        "cookie" + " " * 100_000, "x: " * 60_000 + "token", "pass,a" * 30_000, "passw=" + "a," * 50_000, "?key=" * 30_000,
    ],
    ids=lambda text: text[:20],
)  # fmt: skip
def test_no_text_takes_for_ever(text: str) -> None:
    began = time.thread_time()
    mask_text(text)
    assert time.thread_time() - began < 20  # a pattern that backtracks takes hours


def test_the_settings_of_other_logger_plugins_are_hidden_altogether() -> None:
    argv = [
        "snakemake", "--logger-chat-webhook", "https://hook/hunter2", "--logger-chat-loud", "all", "--logger-chat-to=me",
        "--logger-flowo-name", "night", "--logger", "flowo", "chat", "-c2", "--config", "password=hun ter2", "n=3",
    ]  # fmt: skip
    assert mask_argv(argv, frozenset({"--logger-chat-loud"})) == [
        "snakemake", "--logger-chat-webhook", "***", "--logger-chat-loud", "all", "--logger-chat-to=***",
        "--logger-flowo-name", "night", "--logger", "flowo", "chat", "-c2", "--config", "password=***", "n=3",
    ]  # fmt: skip


def test_keys_at_any_depth() -> None:
    data = {
        "samples": {"A": {"key": 3, "Token": "x"}}, "aws": [{"secret_access_key": "y", "region": "eu"}],
        "credentials": {"user": "bob", "more": ["z"]}, "password": 1234, "max_tokens": 5, "api_key": None,
        "url": "https://bob:w@h", "api_keys": ["u", "v"],
    }  # fmt: skip
    assert Mask().data(data) == {
        "samples": {"A": {"key": 3, "Token": "***"}}, "aws": [{"secret_access_key": "***", "region": "eu"}],
        "credentials": {"user": "***", "more": ["***"]}, "password": "***", "max_tokens": 5, "api_key": None,
        "url": "https://bob:***@h", "api_keys": ["***", "***"],
    }  # fmt: skip


def test_files_still_lead_to_their_jobs() -> None:
    event = wire.JobInfo(
        job=1, rule="tokenize", inputs=["token=A/key=1.txt"], wildcards={"token": "A"}, command="x --token A",
        outputs=["https://bob:pw@h/x"],
    )  # fmt: skip
    clean = Mask().clean(event)
    assert isinstance(clean, wire.JobInfo)
    assert (clean.rule, clean.inputs, clean.wildcards) == ("tokenize", ["token=A/key=1.txt"], {"token": "A"})
    assert (clean.command, clean.outputs) == ("x --token ***", ["https://bob:***@h/x"])


def test_what_is_known_to_be_secret_is_found_without_a_name() -> None:
    secrets = ['hunter2"x\\é', "short", "/home/bob/.netrc", "12345678", "anonymous"]
    known = Mask(secrets)
    for secret in secrets:
        event = wire.Log(text=f"logging in as {secret}!")
        clean = known.clean(event)
        assert known.passes(wire.unnumbered(event, 0.0)) == (secret is not secrets[0])
        assert clean == (event.replace(text="logging in as ***!") if secret is secrets[0] else event)


@dataclasses.dataclass
class Chat:
    webhook_token: str = "chat-hunter2"
    channel: str = dataclasses.field(default="from-env-1", metadata={"env_var": True})
    loud: bool = True
    level: str = "everything"


SECRETS = ["env-hunter2", "chat-hunter2", "from-env-1", "argv-hunter2", GITHUB, "tail-hunter2"]


def test_no_way_into_a_record_leads_beside_the_mask(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every event that carries text, with secrets in all its texts, through the real handler."""
    monkeypatch.setenv("LAB_API_TOKEN", "env-hunter2")
    monkeypatch.setattr(
        sys, "argv", ["/x/bin/snakemake", "--config", "token=argv-hunter2", "--logger-chat-x", "chat-hunter2"]
    )
    common: Any = SimpleNamespace(dryrun=False, quiet=None, log_handler_settings={"chat": Chat()})
    handler = LogHandler(common, LogHandlerSettings(close_timeout=0.1))
    everything = " ".join(["env-hunter2", "chat-hunter2", "from-env-1", "--token argv-hunter2", GITHUB])
    Path("job.log").write_text("password: tail-hunter2\n" + everything)
    texts = [line for name in ("fail", "fail_rerun_none", "cluster_group", "params") if name in replay.NAMES
             for line in replay.read(name) if line["kind"] == "record"]  # fmt: skip
    for line in texts:
        for key in ("msg",):
            line[key] = f"{line[key]} {everything}"
        for described in line["extra"].values():
            if isinstance(described["value"], str) and "uuid" not in described["type"].lower():
                described["value"] += everything
            elif (
                line["event"] != "job_started"
                and isinstance(described["value"], list)
                and all(isinstance(item, str) for item in described["value"])
            ):
                described["value"] = [*described["value"], everything]
        if line["event"] == "job_error":
            line["extra"]["log"]["value"] = ["job.log"]
        handler.emit(replay.log_record(line))
    recorder: Any = handler._recorder
    for kind in wire.KINDS.values():
        event = kind(**{
            name: everything if isinstance(default, str) or default is None else [everything] if default == [] else
            {everything: everything, "deep": [{"a": everything}]} if default == {} else default
            for name, default in kind.defaults.items()
        })  # fmt: skip
        recorder.spool.append(event, time.time())
    handler.close()
    (spool,) = Path(".snakemake/flowo").glob("*.jsonl")
    written = spool.read_text()
    assert json.loads(written.splitlines()[0])["command"][2:] == ["token=***", "--logger-chat-x", "***"]
    assert '"kind":"log_snapshot"' in written
    for secret in SECRETS:
        assert secret not in written, [line for line in written.splitlines() if secret in line][:2]


def test_what_cannot_be_masked_is_not_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from snakemake_logger_plugin_flowo import spool as spools

    spool = spools.Spool.create([tmp_path], spools.uuid7())
    monkeypatch.setattr(Mask, "text", lambda self, text: 1 / 0)
    spool.append(wire.Log(text="token=hunter2"), 1.0)
    spool.append(wire.Log(text="plain"), 1.0)
    spool.close()
    kinds = [json.loads(line)["kind"] for line in spool.path.read_bytes().splitlines()]
    assert kinds == ["gap", "log"]


def test_where_values_are_known_from() -> None:
    assert mask.of_environment({"X_TOKEN": "a", "TOKEN_FILE": "b", "PATH": "c", "AWS_SECRET_ACCESS_KEY": "d"}) == [
        "a",
        "d",
    ]
    assert mask.of_settings({"chat": Chat()}) == ["chat-hunter2", "from-env-1"]
    assert mask.of_data({"a": {"password": "x", "credentials": {"u": "y"}}, "n": "z"}) == ["x", "y"]
    assert mask.flags_of({"my_chat": Chat()}) == {"--logger-my-chat-loud"}
    assert os.environ  # the default of the first
