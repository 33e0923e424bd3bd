"""Reading published postcode files, as a stream of rows. No database, and never a whole file in memory.

Two layouts are known. OS Code-Point Open has no header: ten columns in a fixed order, metres on the national grid. The
ONS files (ONSPD, NSPL) have a header whose names change from year to year, so columns are found by pattern, never by
position; their grid references are Irish in Northern Ireland, so their latitude and longitude are used instead.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache, partial
from itertools import chain, islice
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from logistics import osgb
from logistics.postcodes import compact, is_key

UNIT, SECTOR, NONE = "unit", "sector", "none"
CODEPO, ONSPD, NSPL, ONS = "codepo", "onspd", "nspl", "ons"

CHUNK = 5_000  # rows converted at a time; larger is slower, for Python then spends its time looking for garbage

# Positional quality, as both publishers use it (OS writes it ten times larger): 1 inside the building, 2 by eye,
# 3 within 50 m, 4 mean of the addresses, 5 guessed from the neighbours, 6 mean of the sector, 8 last known, 9 none.
_QUALITY = {"1": UNIT, "2": UNIT, "3": UNIT, "4": UNIT, "5": UNIT, "6": SECTOR, "8": UNIT}
_QUALITY |= {code + "0": accuracy for code, accuracy in _QUALITY.items()}

_SOUTH, _NORTH, _WEST, _EAST = (
    49.0,
    61.5,
    -9.0,
    2.5,
)  # degrees round the United Kingdom; ONS writes 99.999999 for missing

_CODEPO_COLUMNS = (
    "Postcode",
    "Positional_quality_indicator",
    "Eastings",
    "Northings",
    "Country_code",
    "NHS_regional_HA_code",
    "NHS_HA_code",
    "Admin_county_code",
    "Admin_district_code",
    "Admin_ward_code",
)
_ONS_REQUIRED = {
    "postcode": ("pcds", "pcd7", "pcd", "pcd8", "pcd2"),
    "end": ("doterm",),
    "quality": ("gridind", "osgrdind"),
    "latitude": ("lat", "latitude"),
    "longitude": ("long", "longitude"),
}
_ONS_WELCOME = {"district": (r"lad\d\dcd", "laua", "oslaua"), "health": (r"icb\d\dcd", "icb")}

_AREA_FILE = re.compile(r"(?:^|/)[a-z]{1,2}\.csv$", re.I)  # Code-Point: one file for each postcode area
_ONS_AREA_FILE = re.compile(r"(?:^|/)multi_csv/|_UK_[A-Z]{1,2}\.csv$", re.I)
_IN_DATA = re.compile(r"(?:^|/)data/[^/]+$", re.I)
_BESIDE_THE_DATA = re.compile(r"(?:^|/)(?:docs?|documents|user guide|__MACOSX)/|(?:^|/)\.", re.I)
_EDITION = re.compile(r"(?<![a-z])([a-z]{3})_(\d{4})(?!\d)", re.I)
_MONTH = re.compile(r"(\d{4})(0[1-9]|1[0-2])")
_AGAIN = "Fetch it from the publisher again."


class WrongFile(ValueError):
    """The file is not what the loader reads; the sentence says what is missing and what to do."""


class Row(NamedTuple):
    """One postcode of a file. Degrees are WGS84; `terminated_on` is an ISO date or nothing."""

    postcode: str
    sector: str
    latitude: float | None
    longitude: float | None
    accuracy: str
    terminated_on: str | None
    district: str
    health: str


@dataclass
class Batch:
    """Rows read together, and how many were left out for which reason."""

    rows: list[Row] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)


Files = dict[str, Callable[[], IO[bytes]]]  # what opens each file, by its name inside the zip or folder
Lines = list[list[str]]
Reader = Callable[[Lines], Batch]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Book:
    """A postcode file, opened: which edition it is, and its rows."""

    name: str
    kind: str
    edition: str
    sha256: str
    files: Files

    @property
    def source(self) -> str:
        """For people: "codepo 2025.4.0"."""
        return f"{self.kind} {self.edition}".strip()

    def batches(self) -> Iterator[Batch]:
        """Every row, in the order of the files. Raises WrongFile where one is damaged or of another layout."""
        for name, opener in self.files.items():
            with _damage(self.name), opener() as raw:
                lines = _lines(raw)
                first = _first(lines, name)
                read = _reader(first, name)
                rest = chain([first], lines) if read is _read_codepo else lines
                while chunk := list(islice(rest, CHUNK)):
                    yield read(chunk)


@contextmanager
def opened(path: Path) -> Iterator[Book]:
    """The postcode file at `path`: a zip as published, the folder it unpacks to, or one CSV file.

    Raises WrongFile when nothing in it looks like a postcode file, OSError when it cannot be read.
    """
    with _unpacked(path) as files:
        chosen = _choose(path.name, files)
        name = next(iter(chosen))
        with _damage(path.name), chosen[name]() as raw:
            first = _first(_lines(raw), name)
        kind = CODEPO if _reader(first, name) is _read_codepo else _ons_kind(f"{path.name} {name}")
        with _damage(path.name):
            edition = _codepo_edition(files) if kind == CODEPO else _ons_edition(f"{path.name} {name}")
        yield Book(path.name, kind, edition, _digest(path, chosen), chosen)


# --- which files ------------------------------------------------------------------------------------------------------
@contextmanager
def _unpacked(path: Path) -> Iterator[Files]:
    if not path.exists():
        raise WrongFile(f"There is no file {path}.")
    if path.is_dir():
        found = sorted(file for file in path.rglob("*") if file.is_file())
        yield {file.relative_to(path).as_posix(): partial(_open, file) for file in found}
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            names = sorted(info.filename for info in archive.infolist() if not info.is_dir())
            yield {name: partial(archive.open, name) for name in names}
    elif path.suffix.lower() == ".zip":
        raise WrongFile(f"{path.name} is cut short or no zip file. {_AGAIN}")
    else:
        yield {path.name: partial(_open, path)}


def _open(path: Path) -> IO[bytes]:
    return path.open("rb")


def _choose(name: str, files: Files) -> Files:
    """The data files among guides and code lists; never both the whole country and the same country in parts."""
    candidates = [file for file in files if file.lower().endswith(".csv") and not _BESIDE_THE_DATA.search(file)]
    areas = [file for file in candidates if _AREA_FILE.search(file)]
    parts = [file for file in candidates if _ONS_AREA_FILE.search(file)]
    others = [file for file in candidates if file not in parts]
    whole = [file for file in others if _IN_DATA.search(file)] or others
    chosen = areas or whole or parts
    if not chosen:
        raise WrongFile(f"{name} holds no postcode file: expected Data/CSV/*.csv (OS) or Data/*.csv (ONS).")
    if not areas and len(whole) > 1:
        raise WrongFile(f"{name} holds {len(whole)} files that could be the one: name one of {', '.join(whole[:4])}.")
    return {file: files[file] for file in chosen}


def _codepo_edition(files: Files) -> str:
    for name, opener in files.items():
        if name.lower().endswith("metadata.txt"):
            with opener() as raw:
                text = raw.read(10_000).decode("utf-8", "replace")
            found = re.search(r"VERSION NUMBER:\s*([\w.]{1,20})", text)
            return found[1] if found else ""
    return ""


def _ons_kind(names: str) -> str:
    return next((kind for kind in (ONSPD, NSPL) if kind in names.lower()), ONS)


def _ons_edition(names: str) -> str:
    found = _EDITION.search(names)
    return f"{found[1].upper()} {found[2]}" if found else ""


def _digest(path: Path, files: Files) -> str:
    """SHA-256 of the file as it lies there; of a folder, that of its data files one after another."""
    if path.is_file():
        with path.open("rb") as raw:
            return hashlib.file_digest(raw, "sha256").hexdigest()
    digest = hashlib.sha256()
    for opener in files.values():
        with opener() as raw:
            while block := raw.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


# --- which layout -----------------------------------------------------------------------------------------------------
@contextmanager
def _damage(name: str) -> Iterator[None]:
    """Whatever way a file can be broken, as one sentence."""
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, csv.Error) as broken:
        raise WrongFile(f"{name} is damaged ({broken}). {_AGAIN}") from broken
    except NotImplementedError as unknown:  # Windows packs very large zips in a way Python does not unpack
        raise WrongFile(
            f"{name} is packed in a way this program cannot read: unpack it and name the folder."
        ) from unknown


def _lines(raw: IO[bytes]) -> Iterator[list[str]]:
    # Everything we use is ASCII: a stray Windows letter in another column must not stop the load.
    return csv.reader(io.TextIOWrapper(raw, encoding="utf-8-sig", errors="replace", newline=""))


def _first(lines: Iterator[list[str]], name: str) -> list[str]:
    first = next(lines, None)
    if not first:
        raise WrongFile(f"{name} is empty. {_AGAIN}")
    return first


def _reader(first: Sequence[str], name: str) -> Reader:
    """Told by the first line: a postcode where Code-Point Open starts at once, names where the ONS does."""
    if is_key(compact(first[0])):
        return _codepo(first, name)
    return _ons(first, name)


def _codepo(first: Sequence[str], name: str) -> Reader:
    if len(first) < len(_CODEPO_COLUMNS):
        raise WrongFile(f"{name} is not Code-Point Open: the column {_CODEPO_COLUMNS[len(first)]} is missing.")
    if len(first) > len(_CODEPO_COLUMNS):
        raise WrongFile(f"{name} has {len(first)} columns where Code-Point Open has {len(_CODEPO_COLUMNS)}.")
    for column, text in zip(_CODEPO_COLUMNS[1:4], first[1:4], strict=True):
        if not text.strip().isdigit():
            raise WrongFile(f"{name} is not Code-Point Open: a number is missing in the column {column}.")
    return _read_codepo


def _ons(header: Sequence[str], name: str) -> Reader:
    names = [column.strip().lower() for column in header]
    columns: dict[str, int] = {}
    for meaning, patterns in (_ONS_REQUIRED | _ONS_WELCOME).items():
        found = _find(names, patterns)
        if found is not None:
            columns[meaning] = found
        elif meaning in _ONS_REQUIRED:
            expected = " or ".join(patterns[:2])
            raise WrongFile(f"{name} is neither Code-Point Open nor an ONS file: the column {expected} is missing.")
    return partial(_read_ons, columns)


def _find(names: list[str], patterns: Iterable[str]) -> int | None:
    """The first pattern that any column has; of several years the newest."""
    for pattern in patterns:
        hits = [index for index, name in enumerate(names) if re.fullmatch(pattern, name)]
        if hits:
            return max(hits, key=lambda index: names[index])
    return None


# --- rows -------------------------------------------------------------------------------------------------------------
def _read_codepo(lines: Lines) -> Batch:
    postcode, quality, east, north, _, _, health, _, district, _ = range(len(_CODEPO_COLUMNS))
    columns, skipped = _columns(lines, len(_CODEPO_COLUMNS))
    eastings, northings = _numbers(columns[east]), _numbers(columns[north])
    eastings[eastings <= 0] = np.nan  # 0,0 is how OS writes "no coordinate"
    latitudes, longitudes = osgb.to_wgs84(eastings, northings)
    ends = ("",) * len(columns[postcode])
    texts = (columns[postcode], columns[quality], ends, columns[district], columns[health])
    return _batch(texts, latitudes, longitudes, skipped)


def _read_ons(at: dict[str, int], lines: Lines) -> Batch:
    columns, skipped = _columns(lines, max(at.values()) + 1)
    blank = ("",) * len(columns[0])
    texts = (
        columns[at["postcode"]],
        columns[at["quality"]],
        columns[at["end"]],
        columns[at["district"]] if "district" in at else blank,
        columns[at["health"]] if "health" in at else blank,
    )
    return _batch(texts, _numbers(columns[at["latitude"]]), _numbers(columns[at["longitude"]]), skipped)


def _columns(lines: Lines, width: int) -> tuple[list[Sequence[str]], Counter[str]]:
    """The lines turned on their side; blank lines are nothing, short ones are counted."""
    whole = [line for line in lines if len(line) >= width]
    skipped = Counter(short_row=sum(0 < len(line) < width for line in lines))
    return (list(zip(*whole, strict=False)) if whole else [()] * width), +skipped


def _numbers(texts: Sequence[str]) -> Floats:
    """NaN where there is no number; the fast way first, since a bad number is rare."""
    try:
        return np.array(texts, dtype=np.float64)
    except ValueError:
        return np.array([_number(text) for text in texts], dtype=np.float64)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _batch(texts: Sequence[Sequence[str]], latitudes: Floats, longitudes: Floats, skipped: Counter[str]) -> Batch:
    on_the_map = (latitudes > _SOUTH) & (latitudes < _NORTH) & (longitudes > _WEST) & (longitudes < _EAST)
    # Six decimals are 0.1 m, and the same text for the same place whatever machine computed it.
    points = zip(latitudes.round(6).tolist(), longitudes.round(6).tolist(), on_the_map.tolist(), strict=True)
    batch = Batch(skipped=skipped)
    for (text, quality, end, district, health), (latitude, longitude, known) in zip(
        zip(*texts, strict=True), points, strict=True
    ):
        key, ended = compact(text), _end(end)
        if not is_key(key):
            batch.skipped["not_a_postcode"] += 1
        elif ended is None:
            batch.skipped["unreadable_end_date"] += 1
        else:
            accuracy = _QUALITY.get(quality.strip(), NONE) if known else NONE
            if accuracy == NONE:
                latitude = longitude = None
            batch.rows.append(
                Row(key, key[:-2], latitude, longitude, accuracy, ended or None, _code(district), _code(health))
            )
    return batch


@lru_cache(maxsize=4096)
def _end(text: str) -> str | None:
    """ "199606" as "1996-06-01", "" for a live postcode, None for what cannot be read (live or not: nobody knows)."""
    if not text.strip():
        return ""
    found = _MONTH.fullmatch(text.strip())
    return f"{found[1]}-{found[2]}-01" if found else None


@lru_cache(maxsize=4096)
def _code(text: str) -> str:
    code = text.strip()
    return code if code.isascii() and code.isalnum() and len(code) <= 9 else ""
