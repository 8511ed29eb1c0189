"""Takes secrets out of what is recorded of a command line or an address."""

from __future__ import annotations

import re
from collections.abc import Sequence

MASK = "***"

_SECRET_NAME = re.compile(
    r"token|passw|pwd|secret|credential|bearer|api[-_]?key|(?:^|[-_.])(?:key|auth|pat|sas)(?:$|[-_.])|private[-_]?key",
    re.IGNORECASE,
)
# name=value and name: value wherever they stand: `--config`, JSON, YAML, `sbatch --export=…`, a query string
_ASSIGNMENT = re.compile(
    r"""(?P<quote>["']?)(?P<name>[A-Za-z_][\w.-]*)(?P=quote)(?P<sign>\s*=\s*|\s*:\s+|:(?=["']))"""
    r"""(?P<value>"[^"]*"|'[^']*'|[^\s"',;&{}\[\]]+)"""
)
_URL_USER = re.compile(r"(?P<scheme>\b[a-zA-Z][a-zA-Z0-9+.-]*://)(?P<user>[^/\s@]+)@")
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}")
# Shapes that are secrets whatever the name before them: flowo's, GitHub's, GitLab's, AWS', Slack's, and JWT.
_SHAPES = re.compile(
    r"\b(?:flowo_[A-Za-z0-9_-]{8,}|gh[opusr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}"
    r"|AKIA[0-9A-Z]{16}|xox[abprs]-[\w-]{10,}|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*)"
)


def is_secret_name(name: str) -> bool:
    """Whether the value that goes with this name should not be shown."""
    return bool(_SECRET_NAME.search(name))


def mask_text(text: str) -> str:
    """The text without what looks like a secret in it."""
    if "@" in text:
        text = _URL_USER.sub(_mask_user, text)
    if "=" in text or ":" in text:
        text = _ASSIGNMENT.sub(_mask_assignment, text)
    text = _BEARER.sub(rf"\1 {MASK}", text)
    return _SHAPES.sub(MASK, text)


def mask_argv(argv: Sequence[str]) -> list[str]:
    """A command line without secrets: `--opt value`, `--opt=value`, `name=value`, addresses with a password."""
    masked: list[str] = []
    hiding = False  # the values of an option whose name says that they are secret
    for argument in argv:
        if argument.startswith("-"):
            option, sign, value = argument.partition("=")
            secret = is_secret_name(option.lstrip("-"))
            hiding = secret and not sign
            masked.append(f"{option}={MASK}" if secret and sign else _mask_option(option, sign, value))
        else:
            masked.append(MASK if hiding else mask_text(argument))
    return masked


def _mask_option(option: str, sign: str, value: str) -> str:
    return f"{option}{sign}{mask_text(value)}" if sign else mask_text(option)


def _mask_user(match: re.Match[str]) -> str:
    scheme, user = match["scheme"], match["user"]
    name, colon, _ = user.partition(":")
    if colon:
        return f"{scheme}{name}:{MASK}@"
    # A lone user name is a token with git hosts over HTTP, and just a name with ssh://git@host.
    return f"{scheme}{MASK}@" if scheme.lower().startswith("http") else match[0]


def _mask_assignment(match: re.Match[str]) -> str:
    if not is_secret_name(match["name"]):
        inner = match["value"]
        if "=" in inner or ":" in inner:  # `--export=A=1,TOKEN=x` or a quoted text with assignments in it
            quote = inner[0] if inner[0] in "\"'" and len(inner) > 1 else ""
            body = inner[1:-1] if quote else inner
            return match[0][: -len(inner)] + quote + _ASSIGNMENT.sub(_mask_assignment, body) + quote
        return match[0]
    return f"{match['quote']}{match['name']}{match['quote']}{match['sign']}{MASK}"
