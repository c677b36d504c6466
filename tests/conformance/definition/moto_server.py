"""moto's server with its executing Step Functions backend, whose Lambda tasks go to another endpoint, and which waits
for nothing but the time limits of Tasks. usage: moto_server.py PORT LAMBDA_ENDPOINT"""

import os
import sys
from types import SimpleNamespace

port, lambda_endpoint = sys.argv[1:]
os.environ["MOTO_PORT"] = port

import boto3  # noqa: E402  moto reads its port when it is imported
from botocore.config import Config  # noqa: E402
from moto.core.config import default_user_config  # noqa: E402
from moto.server import main  # noqa: E402
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl  # noqa: E402
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils  # noqa: E402
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction  # noqa: E402


def lambda_client(region, service, state_credentials=None):
    """In the place of moto's own Lambda, which needs Docker."""
    return boto3.client(
        service,
        region_name=region,
        endpoint_url=lambda_endpoint,
        aws_access_key_id="key",
        aws_secret_access_key="secret",
        config=Config(retries={"total_max_attempts": 1}, parameter_validation=False),
    )


default_user_config["stepfunctions"]["execute_state_machine"] = True
lambda_eval_utils.boto_client_for = lambda_client
retrier_decl.time = SimpleNamespace(sleep=lambda seconds: None)
# The seconds are still worked out, so that a Wait that cannot be read fails as it should.
WaitFunction._eval_body = lambda self, env: self._get_wait_seconds(env=env) and None
main(["-H", "127.0.0.1", "-p", port])
