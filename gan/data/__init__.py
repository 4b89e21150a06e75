"""The real images: data sets as specs, their loaders, the batch sampler.

MNIST ships with the project; other sets are fetched when something is first trained on them (`gan.data.fetching`).
"""

from gan.data.fetching import CancelledError as CancelledError
from gan.data.fetching import fetch as fetch
from gan.data.loading import Bytes as Bytes
from gan.data.loading import DataSet as DataSet
from gan.data.loading import is_here as is_here
from gan.data.loading import judge_path as judge_path
from gan.data.loading import load as load
from gan.data.loading import some as some
from gan.data.sampler import Sampler as Sampler
from gan.data.spec import DEFAULT as DEFAULT
from gan.data.spec import SPECS as SPECS
from gan.data.spec import DataError as DataError
from gan.data.spec import DataSpec as DataSpec
from gan.data.spec import spec as spec
