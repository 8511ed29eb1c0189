"""What looks like a secret in a text, and the text without it; patterns only, known values are `mask`'s.

Most texts hold none of `HINTS`, and are let through at the price of looking for these words: the patterns are compiled
when the first text needs them. Masking a text twice changes nothing.
"""

from __future__ import annotations

import itertools
import re
from functools import cache

MASK = "***"
NESTED = 3  # quoted texts with assignments in them, one in the other

# In small letters. A text without any of them is let through, and nearly every event is asked; so this is what stands
# by nearly all that the patterns below find, not all of it ("ey": key, and how a JWT begins).
HINTS = (
    "token", "pass", "secret", "cred", "ey", "auth", "cookie", "pw", "sig", "@", "-u", "flowo_", "ghp_", "ghs_",
    "glpat", "akia", "xox", "hook", "hf_",
)  # fmt: skip
_RARE = "@xk-ywhgcvbzjqfmlpudoirnsta_e"  # characters of the events of jobs, the rarest first

# Names whose value is a secret whatever it is; those of which it is one unless it is a number or a path; and those of
# which it is one when it looks like no word.
_STRONG = (
    r"token(?!iz)|passw|passphrase|secret|credential|bearer|authorization|cookie|(?:^|[-_.])sig$|signature"
    r"|(?:api|access|private|account|storage|license|licence|encrypt\w*|decrypt\w*|sign\w*|auth|deploy|master|shared"
    r"|ssh|service|session|client|webhook|write|read|admin|app)[-_.]?key(?!word)|apikey"
)
_PLAIN = r"(?:^|[-_.])(?:pass|pw|psw|pwd)$|pwd$"
_WEAK = r"(?:^|[-_.])(?:key|auth|pat|sas)(?:$|[-_.])"
# What only speaks of a secret: where it is kept, how many there are.
_ABOUT = (
    r"(?:file|path|dir|directory|folder|name|type|format|version|count|length|len|size|limit|max|min|ttl|uri|endpoint"
    r"|enabled|required|exists|expir\w*|timeout|scope|policy|helper|key[-_]?id|token[-_]?id)s?$"
    r"|(?:max|min|num|n|total|input|output|prompt)[-_](?:new[-_])?tokens?$|[-_]stdin$"
)
_QUOTED = (
    r"\"{3}[\s\S]{0,4000}?\"{3}|'{3}[\s\S]{0,4000}?'{3}|\\\"(?:[^\"\\]|\\[^\"]){0,4000}\\\""
    r"|\"(?:[^\"\\]|\\[\s\S]){0,4000}\"|'(?:[^'\\]|\\[\s\S]){0,4000}'"
)
_BARE = r"[^\s\"',;|&<>{}\[\]()\\]+|,(?=[^\s\"',;|&<>{}\[\]()\\])(?![A-Za-z_][\w.-]*[=:])"
_REFERENCE = r"\$\{[^{}\s]*\}|\$\([^()]*\)|\$\w+|\{\{?[^{}\n]*\}\}?|%\w+%|<[^<>\n]*>"
_VALUE = rf"(?:{_REFERENCE}|{_QUOTED}|{_BARE})+"


def hinted(text: str) -> bool:
    """Whether a text may hold a secret."""
    return hints().search(text.lower()) is not None


def is_secret_name(name: str, value: object = None) -> bool:
    """Whether the value that goes with this name should not be shown; without a value: whatever it is."""
    names = _names()
    if names.about.search(name):
        return False
    if names.strong.search(name):
        return not (_numeric(value) and not names.never_numeric.search(name))
    if names.plain.search(name):
        return not (_numeric(value) or (isinstance(value, str) and value.strip("\"'")[:1] in ("/", ".", "~")))
    if names.weak.search(name):
        return value is None or (isinstance(value, str) and _looks_random(value.strip("\"'")))
    return False


def is_telling_name(name: str) -> bool:
    """Whether a value under this name may be looked for elsewhere: it is a secret, not a word that looks like one."""
    names = _names()
    return bool(names.strong.search(name)) and not names.about.search(name)


def without_secrets(text: str) -> str:
    """The text without what looks like a secret in it."""
    lowered = text.lower()
    if hints().search(lowered) is None:
        return text
    patterns = _patterns()
    if "-----begin" in lowered:
        text = patterns.pem.sub(rf"\1{MASK}\2", text)
    text = _addresses(text)
    if "auth" in lowered or "cookie" in lowered:
        text = patterns.header.sub(_header, text)
    if "=" in text or ":" in text:
        text = patterns.yaml.sub(_assignment, text)
        text = patterns.assignment.sub(_assignment, text)
    if "-" in text:
        text = patterns.option.sub(_option, text)
    if "bearer" in lowered or "basic" in lowered:
        text = patterns.bearer.sub(rf"\1 {MASK}", text)
    if "pass" in lowered or "-u" in lowered or "mysql" in lowered:
        text = patterns.tools.sub(_tool, text)
    return patterns.shapes.sub(MASK, text)


def shapes_masked(text: str) -> str:
    """For names, paths and ids: only what is a secret by its shape, and what stands in an address."""
    if not hinted(text):
        return text
    return _patterns().shapes.sub(MASK, _addresses(text))


def _addresses(text: str) -> str:
    patterns = _patterns()
    if "@" in text:
        text = patterns.user.sub(_user, text)
        text = patterns.bare_user.sub(rf"\1{MASK}\2", text)
    if "://" in text and ("?" in text or "&" in text):
        text = patterns.query.sub(_query, text)
    return text


class _Names:
    def __init__(self) -> None:
        self.strong = re.compile(_STRONG, re.IGNORECASE)
        self.plain = re.compile(_PLAIN, re.IGNORECASE)
        self.weak = re.compile(_WEAK, re.IGNORECASE)
        self.about = re.compile(_ABOUT, re.IGNORECASE)
        self.never_numeric = re.compile(r"passw|passphrase", re.IGNORECASE)
        self.kept = re.compile(
            r"(?:true|false|yes|no|on|off|none|null|str|int|bytes|bool|float|string|optional|lambda"
            r"|(?:\w+ )?\*\*\*|\.{3})",
            re.IGNORECASE,
        )
        self.reference = re.compile(rf"\"?(?:{_REFERENCE})\"?")
        # an expression of Python's rather than a value, in the code of a rule
        self.expression = re.compile(
            r"(?:config|params|wildcards|input|output|resources|snakemake|os|environ|getenv|self|args|lookup|rules"
            r"|workflow)(?:[.][\w.]*)?|\w+(?:\.\w+)*(?=[\[(])"
        )


class _Patterns:
    def __init__(self) -> None:
        name = r"(?<![\w.-])(?P<open>-{0,2}\\?[\"']?)(?P<name>[A-Za-z_][\w.-]{0,100})(?P<close>\\?[\"']?\]?)"
        sign = r"(?P<sign>\s{0,9}:?=(?![=~])\s{0,9}|\s{0,9}:\s{1,9}|:(?=\\?[\"']|[^\s/:]))"
        self.assignment = re.compile(rf"{name}{sign}(?P<value>{_VALUE})")
        # a line of YAML or of a header: the value goes on to its end
        self.yaml = re.compile(
            r"(?m)^(?P<open>[ \t]{0,200}(?:- )?[\"']?)(?P<name>[A-Za-z_][\w.-]{0,100})(?P<close>[\"']?)"
            r"(?P<sign>[ \t]{0,9}:[ \t]{1,9})(?P<value>[^\s{\[\"'|>][^\n]*?)(?=[ \t]*(?:#[^\n]*)?$)"
        )
        self.option = re.compile(
            rf"(?<![\w-])(?P<open>--?)(?P<name>[A-Za-z][\w.-]{{0,100}})(?P<close>)(?P<sign>[ \t]{{1,9}})"
            rf"(?P<value>(?!-){_VALUE})"
        )
        self.header = re.compile(
            r"(?i)\b(?P<name>(?:proxy-)?authorization|(?:set-)?cookie)(?P<sign>\\?[\"']?\s{0,9}[:=]\s{0,9}\\?[\"']?)"
            r"(?P<scheme>(?:bearer|basic|token|digest|apikey|negotiate)\s{1,9})?(?P<value>[^\"'\\\r\n]{1,8000})"
        )
        self.bearer = re.compile(r"(?i)\b(bearer|basic)\s{1,9}(?=[^\s\"']*[\d._~+/=-])[A-Za-z0-9._~+/=-]{8,}")
        self.user = re.compile(r"(?P<scheme>\b[a-zA-Z][a-zA-Z0-9+.-]{0,30}://)(?P<user>[^/\s\"'<>]{1,2000})@")
        self.bare_user = re.compile(
            r"((?<![\w:/.-])[\w.-]{1,100}:)(?!\*\*\*)[^\s:@/\"'{}$]{1,200}(@(?!sha256:)[\w-]+[.:])"
        )
        self.query = re.compile(r"(?P<sign>[?&;])(?P<name>[\w.-]{1,100})=(?P<value>[^&;#\s\"'<>\\]+)")
        self.pem = re.compile(
            r"(-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----)(?!\*\*\*)[\s\S]*?"
            r"(-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|\Z)"
        )
        self.tools = re.compile(
            r"(?P<user>(?<!\S)(?:-u|-U|--user|--proxy-user)[ =]?[\"']?[^\s:\"'/$]{1,200}:)(?P<a>[^\s\"']+)"
            r"|(?P<sshpass>\bsshpass\s+-p\s?)(?P<b>\"[^\"]*\"|'[^']*'|\S+)"
            r"|(?P<mysql>\bmysql[\w-]*\s[^|;&\n]{0,400}?(?<!\S)-p)(?P<c>\"[^\"]*\"|'[^']*'|[^\s\"']+)"
            r"|(?P<openssl>(?<!\S)[\"']?pass:)(?P<d>[^\s\"']+)"
            r"|(?P<netrc>\blogin\s+\S{1,200}\s+password\s+)(?P<e>\S+)"
            r"|(?P<xml><(?P<tag>[\w-]{0,40}(?:pass|token|secret)[\w-]{0,40})>)(?P<f>[^<]{1,2000})"
        )
        self.shapes = re.compile(
            r"\b(?:flowo_[A-Za-z0-9_-]{8,}|gh[opusr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|gl(?:pat|dt|rt|ptt|cbt)-[\w-]{16,}"
            r"|(?:AKIA|ASIA)[0-9A-Z]{16}|xox[abeoprs]-[\w-]{10,}|xapp-[\w-]{10,}|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"
            r"|sk-(?=[\w-]*\d)[A-Za-z0-9_-]{20,}|[rs]k_live_\w{10,}|hf_[A-Za-z0-9]{20,}|npm_[A-Za-z0-9]{30,}"
            r"|pypi-[\w-]{40,}|AIza[\w-]{30,}|ya29\.[\w-]{20,}|hvs\.[\w-]{20,}|dop_v1_\w{30,}|dckr_pat_[\w-]{20,}"
            r"|SG\.[\w-]{16,}\.[\w-]{16,}|AGE-SECRET-KEY-1\w{20,}"
            r"|(?<=hooks\.slack\.com/services/)[\w/]{10,}|(?<=discord\.com/api/webhooks/)[\w/-]{10,})"
        )


@cache
def hints() -> re.Pattern[str]:
    """Finds any of the hints by its rarest letter, with what is before and behind that: in half the time of looking for
    one after the other, and in a quarter of that of a pattern that tries at most letters."""
    by_letter: dict[str, list[str]] = {}
    for hint in HINTS:
        letter = min(hint, key=_RARE.index)
        before, _, behind = hint.partition(letter)
        look = f"(?<={re.escape(before + letter)})" if before else ""
        by_letter.setdefault(letter, []).append(look + re.escape(behind))
    return re.compile("|".join(f"{re.escape(letter)}(?:{'|'.join(rest)})" for letter, rest in by_letter.items()))


@cache
def _names() -> _Names:
    return _Names()


@cache
def _patterns() -> _Patterns:
    return _Patterns()


def _numeric(value: object) -> bool:
    if isinstance(value, bool | int | float):
        return True
    return isinstance(value, str) and len(text := value.strip("\"'")) < 10 and text.replace(".", "", 1).isdigit()


def _looks_random(value: str) -> bool:
    """Long, and of letters and digits in a mixture that no name has."""
    if len(value) < 16 or not value.isascii() or any(char.isspace() for char in value):
        return False
    if "/" in value and "." in value:
        return False  # a path
    switches = sum(a.isdigit() != b.isdigit() or a.isupper() != b.isupper() for a, b in itertools.pairwise(value))
    return switches >= 5


def _kept(value: str, following: str) -> bool:
    """Not a secret although its name says so: a reference to one, a word of a language, an expression."""
    names = _names()
    bare = value.strip("\"'")
    if not bare or names.kept.fullmatch(bare) or names.reference.fullmatch(value):
        return True
    if value[:1] in "\"'\\":
        return False
    expression = names.expression.match(value + following)
    return expression is not None and expression.end() >= len(value)


def _assignment(match: re.Match[str], depth: int = 0) -> str:
    name, value = match["name"], match["value"]
    if name.lower().endswith(("authorization", "cookie")):
        return match[0]  # a header's: done
    following = match.string[match.end() : match.end() + 1]
    if is_secret_name(name, value):
        return match[0] if _kept(value, following) else f"{match[0][: -len(value)]}{MASK}"
    if depth < NESTED and ("=" in value or ":" in value or " -" in value):
        quote = value[0] if value[0] in "\"'" and len(value) > 1 else ""  # `--export=A=1,TOKEN=x`, `--cmd "x TOKEN=y"`
        inner = value[1:-1] if quote else value
        patterns = _patterns()
        inner = patterns.assignment.sub(lambda found: _assignment(found, depth + 1), inner)
        return f"{match[0][: -len(value)]}{quote}{patterns.option.sub(_option, inner)}{quote}"
    return match[0]


def _option(match: re.Match[str]) -> str:
    name = match["name"]
    if len(match["open"]) == 1 and len(name) == 1:
        return match[0]
    return _assignment(match) if is_secret_name(name, match["value"]) else match[0]


def _query(match: re.Match[str]) -> str:
    name, value = match["name"], match["value"]
    secret = is_secret_name(name, value) and not _names().reference.fullmatch(value)
    return f"{match['sign']}{name}={MASK if secret else value}"


def _header(match: re.Match[str]) -> str:
    value = match["value"].strip()
    if _names().reference.fullmatch(value) or value.startswith(MASK) or not value:
        return match[0]
    return f"{match['name']}{match['sign']}{match['scheme'] or ''}{MASK}"


def _tool(match: re.Match[str]) -> str:
    kind = next(key for key in "abcdef" if match[key] is not None)
    value = match[kind]
    if _names().reference.fullmatch(value) or value.startswith(MASK) or (kind == "a" and value.isdigit()):
        return match[0]
    return f"{match[0][: -len(value)]}{MASK}"


def _user(match: re.Match[str]) -> str:
    scheme, user = match["scheme"], match["user"]
    name, colon, password = user.partition(":")
    if colon:
        return match[0] if _names().reference.fullmatch(password) else f"{scheme}{name}:{MASK}@"
    # A lone user name is a token with git hosts over HTTP, and just a name with ssh://git@host.
    http = scheme.lower().startswith("http") and not _names().reference.fullmatch(user)
    return f"{scheme}{MASK}@" if http else match[0]
