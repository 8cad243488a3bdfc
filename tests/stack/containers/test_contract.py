"""The contract and the catalogue of bad requests, through the containers."""

from tests.promises.p5_input.test_bad_requests import *  # noqa: F403
from tests.service.started.test_contract import *  # noqa: F403
