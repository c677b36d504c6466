"""Drives the account on loopback through whole rolls with the AWS CLI and boto3, and checks every answer against AWS's
own service models.

One stack comes by `aws cloudformation package` and `deploy`, and is rolled as docs/operating.md says; another one comes by
create-stack, is cancelled in the middle of its roll, and is deleted. Lists that come in pages must be, page by page,
what they are at once.

usage: wire.py [--binaries target/debug] [--speed 60]
"""

import argparse
import json
import pathlib
import sys
import tempfile
import time
import uuid

from loopback import models
from loopback.account import ROOT, Failed, account, aws, client, copy_templates
from loopback.lists import compare_lists

BUCKET = "my-artifacts"
ROLE = "arn:aws:iam::123456789012:role/cloudformation"
NEW_AMI = "ami-0123456789abcdef0"
AMI_PARAMETER = "/ami/ecs/latest"
TASK_DEFINITION = {
    "family": "web",
    "containerDefinitions": [
        {"name": "web", "image": "nginx", "cpu": 256, "memory": 512, "essential": True, "stopTimeout": 30}
    ],
}
PATIENCE = {"Delay": 1, "MaxAttempts": 300}
EVERY_SERVICE = {"autoscaling", "cloudformation", "ec2", "ecs", "events", "lambda", "s3", "ssm", "stepfunctions", "sts"}


def must(condition, sentence):
    """Fails with the sentence unless the condition holds."""
    if not condition:
        raise Failed(sentence)


def refused(error, code, call, **members):
    """Fails unless the call is refused with that code."""
    try:
        call(**members)
    except error as answer:
        got = answer.response["Error"]["Code"]
        must(got == code, f"{members} was refused with {got}, wanted {code}: {answer}")
    else:
        raise Failed(f"{members} was not refused")


def example_parameters():
    """The parameters that docs/deploy.md begins with."""
    return json.loads((ROOT / "template" / "parameters.example.json").read_text())


def deploy(folder):
    """Packages the template and deploys it, with the commands of docs/deploy.md."""
    aws("sts", "get-caller-identity")
    aws("s3api", "create-bucket", "--bucket", BUCKET, "--create-bucket-configuration", "LocationConstraint=eu-west-1")
    public = "/aws/service/ecs/optimized-ami/amazon-linux-2023/arm64/recommended/image_id"
    ami = aws("ssm", "get-parameter", "--query", "Parameter.Value", "--output", "text", "--name", public).strip()
    aws("ssm", "put-parameter", "--name", AMI_PARAMETER, "--type", "String", "--value", ami)
    packaged = folder / "packaged.yaml"
    template = folder / "template" / "ecs-cluster.yaml"
    aws("cloudformation", "package", "--template-file", template, "--s3-bucket", BUCKET, "--output-template-file", packaged)
    aws("cloudformation", "validate-template", "--template-body", f"file://{packaged}")
    # Version 1 of the AWS CLI, which PyPI has, takes no file of parameters here; version 2 does.
    overrides = [f"{one['ParameterKey']}={one['ParameterValue']}" for one in example_parameters()]
    flags = ["--stack-name", "ecs-cluster", "--template-file", packaged, "--parameter-overrides", *overrides,
             "--capabilities", "CAPABILITY_IAM", "--role-arn", ROLE]
    aws("cloudformation", "deploy", *flags)
    again = aws("cloudformation", "deploy", *flags, "--no-fail-on-empty-changeset")
    must("No changes to deploy" in again, f"a second deploy says: {again}")
    return packaged


def start_services(cluster):
    """Services with tasks, so that there is something to drain, and a task of nobody's."""
    ecs = client("ecs")
    ecs.register_task_definition(**TASK_DEFINITION)
    deployment = {"minimumHealthyPercent": 50, "maximumPercent": 200}
    for name in ["web", "api", "logs"]:
        daemon = {"schedulingStrategy": "DAEMON"} if name == "logs" else {"desiredCount": 4}
        limits = {} if name == "logs" else {"deploymentConfiguration": deployment}
        ecs.create_service(cluster=cluster, serviceName=name, taskDefinition="web", **daemon, **limits)
    ecs.get_waiter("services_stable").wait(cluster=cluster, services=["web", "api", "logs"], WaiterConfig=PATIENCE)
    ran = ecs.run_task(cluster=cluster, taskDefinition="web", startedBy="wire")
    task = ran["tasks"][0]["taskArn"]
    ecs.get_waiter("tasks_running").wait(cluster=cluster, tasks=[task], WaiterConfig=PATIENCE)
    ecs.stop_task(cluster=cluster, task=task, reason="seen enough")
    ecs.update_service(cluster=cluster, service="api", desiredCount=5)
    ecs.get_waiter("services_stable").wait(cluster=cluster, services=["api"], WaiterConfig=PATIENCE)


def roll(stack, cluster):
    """A rollout with the commands of docs/operating.md; looks at everything meanwhile."""
    aws("ssm", "put-parameter", "--name", AMI_PARAMETER, "--overwrite", "--value", NEW_AMI)
    previous = aws("cloudformation", "describe-stacks", "--stack-name", stack, "--output", "json", "--query",
                   "Stacks[0].Parameters[].{ParameterKey: ParameterKey, UsePreviousValue: `true`}")
    aws("cloudformation", "update-stack", "--stack-name", stack, "--use-previous-template", "--capabilities",
        "CAPABILITY_IAM", "--parameters", previous)
    cloudformation = client("cloudformation")
    status = "UPDATE_IN_PROGRESS"
    while status.endswith("IN_PROGRESS"):
        status = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
        look(cluster)
        time.sleep(1)
    must(status == "UPDATE_COMPLETE", f"the roll ended as {status}")
    cloudformation.get_waiter("stack_update_complete").wait(StackName=stack, WaiterConfig=PATIENCE)
    aws("cloudformation", "wait", "stack-update-complete", "--stack-name", stack)
    until_in_service(cluster)


def look(cluster):
    """What a person looks at during a roll."""
    ecs, stepfunctions = client("ecs"), client("stepfunctions")
    client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[cluster])
    client("autoscaling").describe_scaling_activities(AutoScalingGroupName=cluster)
    templates = client("ec2").describe_launch_templates()["LaunchTemplates"]
    must(templates, "there is no launch template")
    for template in templates:
        client("ec2").describe_launch_template_versions(LaunchTemplateId=template["LaunchTemplateId"])
    members = ecs.list_container_instances(cluster=cluster)["containerInstanceArns"]
    if members:
        ecs.describe_container_instances(cluster=cluster, containerInstances=members, include=["TAGS"])
        ecs.list_container_instances(cluster=cluster, status="DRAINING")
    for wanted in ["RUNNING", "STOPPED"]:
        tasks = ecs.list_tasks(cluster=cluster, desiredStatus=wanted)["taskArns"]
        if tasks:
            ecs.describe_tasks(cluster=cluster, tasks=tasks, include=["TAGS"])
    services = ecs.list_services(cluster=cluster)["serviceArns"]
    if services:
        ecs.describe_services(cluster=cluster, services=services, include=["TAGS"])
    for machine in stepfunctions.list_state_machines()["stateMachines"]:
        running = stepfunctions.list_executions(stateMachineArn=machine["stateMachineArn"], statusFilter="RUNNING")
        for execution in running["executions"]:
            stepfunctions.get_execution_history(executionArn=execution["executionArn"], reverseOrder=True)


def until_in_service(group):
    """Waits until every instance of the group is InService."""
    for _ in range(PATIENCE["MaxAttempts"]):
        described = client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[group])
        instances = described["AutoScalingGroups"][0]["Instances"]
        if all(instance["LifecycleState"] == "InService" for instance in instances):
            return instances
        time.sleep(PATIENCE["Delay"])
    raise Failed(f"{group} does not come to rest: {instances}")


def until_leaving(group):
    """Waits until an instance of the group is on its way out."""
    for _ in range(10 * PATIENCE["MaxAttempts"]):
        described = client("autoscaling").describe_auto_scaling_instances()["AutoScalingInstances"]
        own = [one["LifecycleState"] for one in described if one["AutoScalingGroupName"] == group]
        if any(state.startswith("Terminating") for state in own):
            return
        time.sleep(0.1)
    raise Failed(f"no instance of {group} goes away: {own}")


def second_stack(packaged):
    """A stack by create-stack; its roll is cancelled, and it is deleted."""
    cloudformation, name = client("cloudformation"), "second"
    key = f"{uuid.uuid4()}.template"
    client("s3").put_object(Bucket=BUCKET, Key=key, Body=packaged.read_bytes())
    parameters = example_parameters()
    for parameter in parameters:
        if parameter["ParameterKey"] == "EcsClusterName":
            parameter["ParameterValue"] = "Second"
    url = f"https://{BUCKET}.s3.eu-west-1.amazonaws.com/{key}"
    asked = {"StackName": name, "TemplateURL": url, "Parameters": parameters}
    refused(cloudformation.exceptions.InsufficientCapabilitiesException, "InsufficientCapabilitiesException",
            cloudformation.create_stack, **asked)
    cloudformation.create_stack(**asked, Capabilities=["CAPABILITY_IAM"])
    refused(cloudformation.exceptions.AlreadyExistsException, "AlreadyExistsException",
            cloudformation.create_stack, **asked, Capabilities=["CAPABILITY_IAM"])
    cloudformation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig=PATIENCE)
    client("ssm").put_parameter(Name=AMI_PARAMETER, Value="ami-0fedcba9876543210", Overwrite=True)
    previous = [{"ParameterKey": one["ParameterKey"], "UsePreviousValue": True} for one in parameters]
    cloudformation.update_stack(StackName=name, UsePreviousTemplate=True, Parameters=previous,
                                Capabilities=["CAPABILITY_IAM"])
    until_leaving("Second")
    aws("cloudformation", "cancel-update-stack", "--stack-name", name)
    for _ in range(PATIENCE["MaxAttempts"]):
        status = cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
        if not status.endswith("IN_PROGRESS"):
            break
        time.sleep(1)
    must(status == "UPDATE_ROLLBACK_COMPLETE", f"the cancelled roll ended as {status}")
    until_in_service("Second")
    delete(name)


def delete(name):
    """Deletes a stack, and sees that it is gone."""
    cloudformation = client("cloudformation")
    stack = cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackId"]
    cloudformation.delete_stack(StackName=name)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=stack, WaiterConfig=PATIENCE)
    said = aws("cloudformation", "describe-stacks", "--stack-name", name, code=255)
    must(f"Stack with id {name} does not exist" in said, f"a stack that is gone: {said}")
    cloudformation.list_stacks(StackStatusFilter=["DELETE_COMPLETE"])


def odds_and_ends(stack, cluster):
    """The other calls of operators and of docs/, and refusals in AWS's words."""
    autoscaling, events, ecs = client("autoscaling"), client("events"), client("ecs")
    instance = until_in_service(cluster)[0]["InstanceId"]
    autoscaling.describe_auto_scaling_instances(InstanceIds=[instance])
    hooks = autoscaling.describe_lifecycle_hooks(AutoScalingGroupName=cluster)["LifecycleHooks"]
    answer = {"AutoScalingGroupName": cluster, "LifecycleActionResult": "CONTINUE", "InstanceId": instance}
    for hook in hooks:
        refused(autoscaling.exceptions.ClientError, "ValidationError", autoscaling.complete_lifecycle_action,
                LifecycleHookName=hook["LifecycleHookName"], **answer)
    autoscaling.set_desired_capacity(AutoScalingGroupName=cluster, DesiredCapacity=5)
    until_in_service(cluster)
    autoscaling.terminate_instance_in_auto_scaling_group(InstanceId=instance, ShouldDecrementDesiredCapacity=True)
    until_in_service(cluster)
    for rule in events.list_rules()["Rules"]:
        events.describe_rule(Name=rule["Name"])
        events.list_targets_by_rule(Rule=rule["Name"])
    entry = {"Source": "wire", "DetailType": "nothing", "Detail": "{}"}
    must(events.put_events(Entries=[entry])["FailedEntryCount"] == 0, "an event was not taken")
    cloudformation = client("cloudformation")
    cloudformation.describe_stack_resources(StackName=stack)
    cloudformation.get_template(StackName=stack)
    refused(ecs.exceptions.ClusterNotFoundException, "ClusterNotFoundException", ecs.list_tasks, cluster="nobody")
    refused(client("ssm").exceptions.ParameterNotFound, "ParameterNotFound", client("ssm").get_parameter, Name="/none")
    executions(stack)
    functions(cluster)


def executions(stack):
    """Executions that have ended are described, one is started anew and stopped."""
    stepfunctions = client("stepfunctions")
    machine = stepfunctions.list_state_machines()["stateMachines"][0]["stateMachineArn"]
    stepfunctions.describe_state_machine(stateMachineArn=machine)
    ended = stepfunctions.list_executions(stateMachineArn=machine, statusFilter="SUCCEEDED")["executions"]
    must(ended, f"no execution of {stack} has succeeded")
    described = stepfunctions.describe_execution(executionArn=ended[0]["executionArn"])
    again = stepfunctions.start_execution(stateMachineArn=machine, input=described["input"])["executionArn"]
    stepfunctions.stop_execution(executionArn=again, error="Stopped", cause="seen enough")
    refused(stepfunctions.exceptions.ExecutionDoesNotExist, "ExecutionDoesNotExist",
            stepfunctions.describe_execution, executionArn=again + "0")


def functions(cluster):
    """A function is invoked, with a question that it must refuse."""
    functions = client("lambda")
    name = f"{cluster}-joined"
    answer = functions.invoke(FunctionName=name, Payload=b"{}")
    must(answer.get("FunctionError") == "Unhandled", f"a question without an instance is answered {answer}")
    refused(functions.exceptions.ResourceNotFoundException, "ResourceNotFoundException",
            functions.invoke, FunctionName="nobody", Payload=b"{}")


def drive(folder, binaries):
    """The whole course."""
    copy_templates(folder, binaries)
    packaged = deploy(folder)
    cluster = "DevCluster"
    start_services(cluster)
    roll("ecs-cluster", cluster)
    compared = compare_lists("ecs-cluster", cluster)
    odds_and_ends("ecs-cluster", cluster)
    second_stack(packaged)
    ecs = client("ecs")
    for service in ["web", "api", "logs"]:
        ecs.delete_service(cluster=cluster, service=service, force=True)
    delete("ecs-cluster")
    return compared


def report(seen, compared):
    """Prints what was checked. Gives the exit code."""
    services = {service for service, _ in seen.calls}
    print(f"{sum(seen.calls.values())} answers to {len(seen.calls)} calls of {len(services)} services checked against the models of botocore")
    for service in sorted(services):
        calls = {name: count for (own, name), count in seen.calls.items() if own == service}
        errors = sum(count for (own, _), count in seen.errors.items() if own == service)
        print(f"  {service}: {len(calls)} calls, {sum(calls.values())} answers, {errors} of them errors")
    for line in compared:
        print(f"  pages: {line}")
    for finding, count in sorted(seen.findings.items()):
        print(f"DIFFERS ({count} times) {finding}")
    missing = EVERY_SERVICE - services
    if missing:
        print(f"not a single call of {', '.join(sorted(missing))} was made")
    return 1 if seen.findings or missing else 0


def main():
    """Reads the flags, drives, reports."""
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("--binaries", type=pathlib.Path, default=ROOT / "target" / "debug")
    flags.add_argument("--speed", type=int, default=60)
    asked = flags.parse_args()
    seen, compared, code = models.watch(), [], 0
    try:
        with tempfile.TemporaryDirectory() as folder, account(asked.binaries, asked.speed, "--run-uploaded-code"):
            compared = drive(pathlib.Path(folder), asked.binaries)
    except Failed as failed:
        print(f"FAILED: {failed}")
        code = 1
    return report(seen, compared) or code


if __name__ == "__main__":
    sys.exit(main())
