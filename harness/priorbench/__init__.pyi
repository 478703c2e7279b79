# The public face of priorbench, listed once: what is importable from `priorbench`, for completion and for
# type checkers. `priorbench/__init__.py` reads this list and imports a name when it is first used.
from .api import Evaluation as Evaluation
from .api import ImageResult as ImageResult
from .api import evaluate as evaluate
from .contract.choice import Choice as Choice
from .contract.executor import Executor as Executor
from .contract.executor import Started as Started
from .contract.experiments import Claim as Claim
from .contract.experiments import Experiment as Experiment
from .contract.hookspecs import hookimpl as hookimpl
from .contract.images import Image as Image
from .contract.images import ImageSet as ImageSet
from .contract.images import SkippedImage as SkippedImage
from .contract.methods import Iterate as Iterate
from .contract.methods import Iterative as Iterative
from .contract.methods import OneShot as OneShot
from .contract.methods import Together as Together
from .contract.noise import NoiseDescriptor as NoiseDescriptor
from .contract.noise import NoiseModel as NoiseModel
from .contract.observation import Observation as Observation
from .contract.operators import Identity as Identity
from .contract.operators import Operator as Operator
from .contract.operators import OperatorModel as OperatorModel
from .contract.records import Curve as Curve
from .contract.records import Record as Record
from .contract.records import RunSummary as RunSummary
from .contract.requests import Request as Request
from .contract.specs import DenoiserSpec as DenoiserSpec
from .contract.specs import ExecutorSpec as ExecutorSpec
from .contract.specs import ExperimentSpec as ExperimentSpec
from .contract.specs import ImageSetSpec as ImageSetSpec
from .contract.specs import MetricSpec as MetricSpec
from .contract.specs import NoiseSpec as NoiseSpec
from .contract.specs import OperatorSpec as OperatorSpec
from .contract.specs import StoppingRuleSpec as StoppingRuleSpec
from .contract.specs import SuiteSpec as SuiteSpec
from .contract.stopping import Look as Look
from .contract.stopping import StoppingRule as StoppingRule
from .contract.stopping import Trajectory as Trajectory
from .contract.stopping import Verdict as Verdict
from .contract.trial import Trial as Trial
from .errors import PriorbenchError as PriorbenchError
from .parameters.levels import Level as Level
from .protocol.least_squares import pseudo_inverse as pseudo_inverse

__version__: str
