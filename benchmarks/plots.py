# SPDX-License-Identifier: Apache-2.0
"""Results as pictures. matplotlib is imported when one is drawn: it takes a second."""
import re
from pathlib import Path

from benchmarks.figures import Plot, Result


def draw(result: Result, directory: Path) -> list[Path]:
    """One PNG for each of the result's plots; returns their paths."""
    directory.mkdir(parents=True, exist_ok=True)
    return [_draw(plot, directory / file_name(result.name, plot)) for plot in result.plots]


def file_name(bench: str, plot: Plot) -> str:
    return f'{bench}-{re.sub("[^a-z0-9]+", "-", plot.title.lower()).strip("-")}.png'


def _draw(plot: Plot, path: Path) -> Path:
    import matplotlib
    matplotlib.use('Agg')
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4.5), layout='constrained')
    for name, points in plot.lines.items():
        axes.plot([x for x, _ in points], [y for _, y in points], marker='.', label=name)
    if plot.log:
        axes.set_xscale('log')
        axes.set_yscale('log')
    else:
        axes.set_ylim(bottom=0)
    axes.set(title=plot.title, xlabel=plot.x, ylabel=plot.y)
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
    return path
