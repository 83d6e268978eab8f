"""Times as exports write them, turned into ISO 8601."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_NUMBER = re.compile(r"-?\d{1,19}(\.\d+)?")
_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)"
    r"(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?"
    r"\s*(Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)?",
    re.IGNORECASE,
)


def read_time(raw: str | None, *, utc: bool = False) -> str | None:
    """`raw` in ISO 8601: "2021-03-17T12:09:47.722181Z" in UTC, without the Z where no zone is told.

    Understood are ISO 8601 and its relatives ("2007-09-04 00:49:28"), seconds or milliseconds
    since 1970 (as digits) and the dates of e-mail headers. `utc` says that a time without a zone
    is meant in UTC. None where `raw` is none of these or no possible date.
    """
    text = (raw or "").strip()
    if not text:
        return None
    try:
        if _NUMBER.fullmatch(text):
            return _from_epoch(float(text))
        match = _ISO.fullmatch(text)
        if match:
            return _from_iso(match, utc)
        if len(text) <= 64 and any(letter.isalpha() for letter in text):
            moment = parsedate_to_datetime(text)
            return _shown(moment if moment.tzinfo else moment.replace(tzinfo=UTC if utc else None))
    except (ValueError, OverflowError, OSError, TypeError, IndexError):
        return None
    return None


def _from_epoch(seconds: float) -> str | None:
    if abs(seconds) >= 1e11:  # the year 5138 in seconds, 1973 in milliseconds
        seconds /= 1000 if abs(seconds) < 1e14 else 1_000_000
    return _shown(datetime.fromtimestamp(seconds, UTC))


def _from_iso(match: re.Match[str], utc: bool) -> str | None:
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    if int(year) == 0:
        return None  # WordPress writes 0000-00-00 00:00:00 for "none"
    if hour is None:
        datetime(int(year), int(month), int(day))
        return f"{year}-{month}-{day}"
    text = f"{year}-{month}-{day}T{hour}:{minute}:{second or '00'}"
    moment = datetime.fromisoformat(text)
    if fraction:
        moment = moment.replace(microsecond=int(fraction[:6].ljust(6, "0")))
    if zone is None:
        return _shown(moment.replace(tzinfo=UTC) if utc else moment)
    if zone.upper() in ("Z", "UTC", "GMT"):
        return _shown(moment.replace(tzinfo=UTC))
    digits = zone[1:].replace(":", "").ljust(4, "0")
    return _shown(datetime.fromisoformat(f"{moment.isoformat()}{zone[0]}{digits[:2]}:{digits[2:]}"))


def _shown(moment: datetime) -> str:
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
        suffix = "Z"
    else:
        suffix = ""
    shown = moment.isoformat(timespec="microseconds")
    whole, fraction = shown.split(".")
    fraction = fraction.rstrip("0")
    if fraction:
        fraction = fraction.ljust(3, "0")
        return f"{whole}.{fraction}{suffix}"
    return f"{whole}{suffix}"
