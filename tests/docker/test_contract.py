"""The contract and the catalogue of bad requests, through the containers."""

from tests.http.test_bad_requests import *  # noqa: F403
from tests.http.test_contract import *  # noqa: F403
