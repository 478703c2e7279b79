"""What an experiment gives: work to be done, and claims, figures and tables made of its results.

An experiment re-makes one figure or table of a paper. It says what has to be run (`Trials`, `Computation`),
and what the results say of the paper (`Claim`, `Figure`, `Table`). Running, resuming, judging and drawing are
the harness's work (`priorbench reproduce`).
"""

from priorbench.experiments.claims import Claim, Quantity
from priorbench.experiments.figures import Chart, Figure, HeatMap, Line, Panel, Picture, Pictures, Table
from priorbench.experiments.work import (
    Computation,
    Conclusion,
    Experiment,
    Outcome,
    Results,
    Row,
    Size,
    Trials,
    Work,
)

__all__ = [
    "Chart",
    "Claim",
    "Computation",
    "Conclusion",
    "Experiment",
    "Figure",
    "HeatMap",
    "Line",
    "Outcome",
    "Panel",
    "Picture",
    "Pictures",
    "Quantity",
    "Results",
    "Row",
    "Size",
    "Table",
    "Trials",
    "Work",
]
