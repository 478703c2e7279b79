"""For authors of executors whose trials run on other machines: questions, orders, judges, and answers.

A machine that takes orders keeps `Judges`; the run asks it a `Question` first, compares what it says
(`inspected` there, `differences` here) with the plan, sends it `Order` after order, and checks its answers
(`message_of`, `records_of`). What travels is JSON, and pictures where they are sent.
"""

from priorbench.contract.executor import Needs, RemoteExecutor, Sample
from priorbench.contract.limits import Limits, check_count, check_seconds
from priorbench.contract.records import NOT_RUN
from priorbench.executors.answers import AnswerError, records_of
from priorbench.executors.groups import Group, groups
from priorbench.loading.registry import Registry
from priorbench.machine.confinement import hidden_memory
from priorbench.machine.description import fingerprint
from priorbench.remote.agreement import differences
from priorbench.remote.inspection import InspectionError, inspected
from priorbench.remote.judges import Judges
from priorbench.remote.records import not_run
from priorbench.remote.shipping import Pictures, wanted_by
from priorbench.remote.wire import Order, Question, message_of, question_of, trials_text
from priorbench.words import one_line, plural

__all__ = [
    "NOT_RUN",
    "AnswerError",
    "Group",
    "InspectionError",
    "Judges",
    "Limits",
    "Needs",
    "Order",
    "Pictures",
    "Question",
    "Registry",
    "RemoteExecutor",
    "Sample",
    "check_count",
    "check_seconds",
    "differences",
    "fingerprint",
    "groups",
    "hidden_memory",
    "inspected",
    "message_of",
    "not_run",
    "one_line",
    "plural",
    "question_of",
    "records_of",
    "trials_text",
    "wanted_by",
]
