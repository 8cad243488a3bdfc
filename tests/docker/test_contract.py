"""The contract and the catalogue of bad requests, through the containers. Imports the tests of
http, which find the composed stack here in place of the plain one."""

from tests.http.test_bad_requests import *  # noqa: F403
from tests.http.test_contract import *  # noqa: F403
