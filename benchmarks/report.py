# SPDX-License-Identifier: Apache-2.0
"""Results into a document: each has a place between two markers, and nothing else is touched."""
import re
from pathlib import Path

from benchmarks import figures, plots
from benchmarks.figures import Result, Table

DOCUMENT = Path(__file__).parents[1] / 'doc' / 'performance.md'


def update(document: Path, results: list[Result]) -> None:
    """Write ``results`` into their places. ValueError when a document has none for one."""
    text = document.read_text()
    for result in results:
        text = put(text, result.name, section(result))
    document.write_text(text)


def put(text: str, name: str, words: str) -> str:
    """``text`` with ``words`` between the markers of ``name``. ValueError without markers."""
    begin, end = f'<!-- begin {name} -->', f'<!-- end {name} -->'
    pattern = re.compile(f'{re.escape(begin)}.*?{re.escape(end)}', re.DOTALL)
    if not pattern.search(text):
        raise ValueError(f'no place for {name}: put {begin} and {end} into the document')
    return pattern.sub(lambda _: f'{begin}\n{words}\n{end}', text, count=1)


def section(result: Result) -> str:
    parts = [f'Measured on {result.occasion}.', *result.notes]
    parts += [markdown(table) for table in result.everything()]
    parts += [f'Plot: `{plots.file_name(result.name, plot)}`, {plot.y} over {plot.x}.'
              for plot in result.plots]
    return '\n\n'.join(parts)


def markdown(table: Table) -> str:
    rows = [table.head, ['---'] * len(table.head),
            *([_cell(cell) for cell in row] for row in table.rows)]
    lines = ['| ' + ' | '.join(row) + ' |' for row in rows]
    return '\n'.join([f'**{table.title}**', '', *lines])


def _cell(cell: object) -> str:
    return figures.number(cell).replace('|', '\\|')
