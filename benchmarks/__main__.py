# SPDX-License-Identifier: Apache-2.0
"""tools/bench: run one benchmark, or write what runs have found into doc/performance.md."""
import argparse
import importlib
import json
import sys
from pathlib import Path

from benchmarks import figures, plots, report
from tests import run

# name: (module, what it measures, minutes it takes)
BENCHES = {
    'overhead': ('overhead', 'a migration against raw virsh, real guests in the lab (root)', 4),
    'control-plane': ('control_plane', 'what the control plane adds to a migration, and by which '
                      'statements and messages; 1 to 200 at once over 20 hosts', 8),
    'api': ('api', 'lists of 100 and 1,000 servers, at 1 and 16 connections', 4),
    'neighbours': ('neighbours', 'an honest request alone, beside 1,000 idle connections, and '
                   'beside a pattern made to take for ever', 1),
    'footprint': ('footprint', 'time to ready and memory of each process, idle and after 1,000 '
                  'migrations', 5),
    'scale': ('scale', '10 to 5,000 simulated hosts with 20 servers each', 20),
}


def parse(argv: list[str]) -> argparse.Namespace:
    lines = [f'  {name:14} {words} (about {minutes} min)'
             for name, (_, words, minutes) in BENCHES.items()]
    parser = argparse.ArgumentParser(
        prog='tools/bench', formatter_class=argparse.RawDescriptionHelpFormatter,
        description='\n'.join(['Benchmarks, each with its time on two free cores:', *lines, '',
                               'tools/bench report JSON... writes doc/performance.md anew from '
                               'what runs have found.']))
    parser.add_argument('name', choices=[*BENCHES, 'report'])
    parser.add_argument('results', nargs='*', type=Path, metavar='JSON', help='for report')
    parser.add_argument('--json', type=Path, metavar='FILE', help='write the result there')
    parser.add_argument('--plots', type=Path, metavar='DIR', help='draw PNG files there')
    parser.add_argument('--quick', action='store_true',
                        help='fewer samples and sizes: two minutes, to see that it works')
    parser.add_argument('--sizes', type=int, nargs='+', metavar='HOSTS',
                        help='of scale: these instead of all')
    arguments = parser.parse_args(argv)
    if arguments.sizes and arguments.name != 'scale':
        parser.error('--sizes is for scale')
    return arguments


def main() -> int:
    arguments = parse(sys.argv[1:])
    if arguments.name == 'report':
        if not report.DOCUMENT.exists():
            sys.exit(f'{report.DOCUMENT} is not there: it has to mark where results go')
        results = [figures.Result.load(json.loads(path.read_text()))
                   for path in arguments.results]
        report.update(report.DOCUMENT, results)
        return 0
    run.begin()     # what a bench has started ends with it
    module = importlib.import_module(f'benchmarks.{BENCHES[arguments.name][0]}')
    occasion = figures.occasion()
    more = {'sizes': arguments.sizes} if arguments.sizes else {}
    result = module.run(quick=arguments.quick, **more)
    result.occasion = occasion + (', --quick' if arguments.quick else '')
    for table in result.everything():
        print(f'\n{figures.text_table(table)}')
    print('', *result.notes, sep='\n')
    if arguments.json:
        result.write(arguments.json)
    if arguments.plots:
        for path in plots.draw(result, arguments.plots):
            print(f'drawn: {path}')
    return 0


if __name__ == '__main__':
    sys.exit(main())
