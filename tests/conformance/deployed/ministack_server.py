"""ministack as the AWS of an account whose clock runs faster than the wall's. usage: ministack_server.py PORT NOW SPEED

NOW is the account's time in seconds since 1970, SPEED how fast it goes by. Four things differ from ministack as it comes:
PutEvents takes events of AWS's own services, as only these may send them; an event's time is the account's; its
CloudFormation makes activities, which its Step Functions has; and its functions have the key of this process, which the
account takes, and not one that names ministack's own account.
"""

import json
import os
import sys
import time

port, account_now, speed = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
began = time.time()
os.environ.update(
    BIND_HOST="127.0.0.1", GATEWAY_PORT=port, LAMBDA_EXECUTOR="local", SFN_WAIT_SCALE=str(1 / speed),
    MINISTACK_REGION="eu-west-1", AWS_DEFAULT_REGION="eu-west-1",
)

from ministack import app  # noqa: E402  ministack reads the environment when it is imported
from ministack.core import lambda_runtime  # noqa: E402
from ministack.services import eventbridge, lambda_svc, stepfunctions  # noqa: E402
from ministack.services.cloudformation import provisioners  # noqa: E402


def create_activity(_logical_id, properties, _stack):
    """What Ref is of an activity, its ARN, and what GetAtt gives."""
    status, _, body = stepfunctions._create_activity({"name": properties["Name"]})
    if status != 200:
        raise ValueError(body)
    arn = json.loads(body)["activityArn"]
    return arn, {"Arn": arn, "Name": properties["Name"]}


def delete_activity(arn, _properties):
    stepfunctions._delete_activity({"activityArn": arn})


def own_credentials(_function):
    """The key of this process, whatever the function is."""
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    return {"AWS_SESSION_TOKEN": "", **{name: os.environ.get(name, "test") for name in names}}


for module in (lambda_runtime, lambda_svc):
    if not hasattr(module, "execution_credentials"):
        raise SystemExit(f"{module.__name__} no longer has execution_credentials")
    module.execution_credentials = own_credentials
activity = {"create": create_activity, "delete": delete_activity}
provisioners._RESOURCE_HANDLERS["AWS::StepFunctions::Activity"] = activity
eventbridge._put_events.__defaults__ = (True,)
eventbridge._now_ts = lambda: account_now + (time.time() - began) * speed
sys.argv = ["ministack"]
app.main()
