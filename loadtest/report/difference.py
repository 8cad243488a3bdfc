"""The difference of a report to its baseline: a table, and notes for its reader."""

from loadtest.report.compare import compare, comparison_table, other_loads, remarks, unfit
from loadtest.report.data import Report
from loadtest.report.table import Table


def difference(baseline: Report, report: Report) -> tuple[list[str], Table | None]:
    """Returns notes and the table; without a table the note says why there is none."""
    if type(baseline) is not type(report):
        return ["the baseline is of another edition: it is not compared"], None
    if baseline.load is None or report.load is None:
        return ["a check has no load: it is not compared with the baseline"], None
    notes = [*other_loads(baseline, report), *remarks(baseline, report), *unfit(baseline, report)]
    return notes, comparison_table(compare(baseline.load, report.load), [])
