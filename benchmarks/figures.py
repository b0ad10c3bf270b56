# SPDX-License-Identifier: Apache-2.0
"""Figures: samples of one thing in one unit, and what is said of them.

A :class:`Result` is what a benchmark hands over: figures, ratios by name, tables of counts. It is
printed, written as JSON, and read back by the report, so that a document never holds a number that
no run has made.
"""
import dataclasses
import datetime
import json
import math
import os
import platform
import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Self

from tests.fixtures import checkout

VERSION = 2


def percentile(samples: Sequence[float], share: float) -> float:
    """The smallest sample that at least ``share`` (0 to 1) of all are not above (nearest rank).
    ValueError without samples."""
    if not samples:
        raise ValueError('no samples')
    ordered = sorted(samples)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


@dataclasses.dataclass(frozen=True)
class Figure:
    """``unit`` such as ms, MB, 1/s; ``count`` samples were taken."""
    unit: str
    count: int
    min: float
    median: float
    p99: float
    max: float

    @classmethod
    def of(cls, samples: Iterable[float], unit: str) -> Self:
        """ValueError without samples."""
        found = list(samples)
        p99 = percentile(found, 0.99)
        return cls(unit, len(found), min(found), statistics.median(found), p99, max(found))

    def row(self) -> list[str]:
        return [number(value) for value in (self.min, self.median, self.p99)] + [
            self.unit, str(self.count)]


HEAD = ['figure', 'min', 'median', 'p99', 'unit', 'samples']


@dataclasses.dataclass
class Table:
    """Counts and words by step or size. Cells are text or numbers."""
    title: str
    head: list[str]
    rows: list[list[Any]]


@dataclasses.dataclass
class Plot:
    """Lines over a common x axis: name -> [(x, y), ...]."""
    title: str
    x: str
    y: str
    lines: dict[str, list[tuple[float, float]]]
    log: bool = False


@dataclasses.dataclass
class Result:
    """What one run of the benchmark ``name`` has found. ``notes`` are sentences."""
    name: str
    figures: dict[str, Figure] = dataclasses.field(default_factory=dict)
    ratios: dict[str, float] = dataclasses.field(default_factory=dict)
    tables: list[Table] = dataclasses.field(default_factory=list)
    plots: list[Plot] = dataclasses.field(default_factory=list)
    notes: list[str] = dataclasses.field(default_factory=list)
    occasion: str = ''

    def add(self, name: str, samples: Iterable[float], unit: str = 'ms') -> Figure:
        """A figure of these samples. ValueError without any."""
        self.figures[name] = Figure.of(samples, unit)
        return self.figures[name]

    def ratio(self, name: str, above: str, below: str) -> float:
        """The ratio of the medians of two figures, kept as ``NAME.ratio_...``."""
        self.ratios[name] = self.figures[above].median / self.figures[below].median
        return self.ratios[name]

    def dump(self) -> dict[str, Any]:
        return {'version': VERSION, **dataclasses.asdict(self)}

    @classmethod
    def load(cls, data: dict[str, Any]) -> Self:
        """ValueError for a file of another version."""
        data = dict(data)
        if data.pop('version', None) != VERSION:
            raise ValueError('not a result of this version of the benchmarks: run them again')
        data['figures'] = {name: Figure(**figure) for name, figure in data['figures'].items()}
        data['tables'] = [Table(**table) for table in data['tables']]
        data['plots'] = [Plot(**plot) for plot in data['plots']]
        return cls(**data)

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(self.dump(), indent=1) + '\n')

    def everything(self) -> list[Table]:
        """All of it as tables, figures first."""
        found = []
        if self.figures:
            found.append(Table('Figures', HEAD, [[name, *figure.row()]
                                                 for name, figure in self.figures.items()]))
        if self.ratios:
            found.append(Table('Ratios', ['ratio', 'value'],
                               [[name, f'{value:.3f}'] for name, value in self.ratios.items()]))
        return found + self.tables


def number(value: Any) -> str:
    """A number as short as its size allows; text as it is."""
    if not isinstance(value, float):
        return str(value)
    if not math.isfinite(value):
        return '-'
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 3
    return f'{value:.{digits}f}'


def text_table(table: Table) -> str:
    """For a terminal."""
    rows = [table.head, *([number(cell) for cell in row] for row in table.rows)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(table.head))]
    lines = ['  '.join(map(str.ljust, row, widths)).rstrip()
             for row in rows]
    return '\n'.join([table.title, lines[0], '-' * len(lines[0]), *lines[1:]])


def occasion() -> str:
    """When, with which code and on what a run begins, without a name of the machine. The load is
    the sum of what others do there; a run that is to count needs it to be small."""
    system = platform.freedesktop_os_release().get('PRETTY_NAME', platform.system())
    return (f'{datetime.date.today().isoformat()} at {_commit()} on {os.cpu_count()} CPUs, '
            f'{system}, Python {platform.python_version()}, with a load average of '
            f'{os.getloadavg()[0]:.1f} before the run')


def _commit() -> str:
    """Of this checkout, and whether something in it has been changed."""
    known = checkout.commit(Path(__file__).parent)
    if known is None:
        return 'a copy without a history'
    commit, changed = known
    return f'commit {commit}{" with changes" if changed else ""}'
