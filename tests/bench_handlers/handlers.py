"""The five workers once more, in Python with boto3, as the benchmark's other side.

Each makes the calls that the Rust worker of its name makes for the same event, in the same order, and decides by them.
What the calls meet is left to Lambda, retries are boto3's own. Each makes only the clients that it uses, as a careful
author of a Lambda function would: outside the handler, once.
"""

import json

import boto3
import botocore.exceptions

SERVICES = {
    "joined": ["ecs", "autoscaling"],
    "draining": ["ecs", "autoscaling", "cloudformation"],
    "drained": ["ecs", "autoscaling"],
    "stable": ["ecs", "autoscaling", "cloudformation"],
    "complete-action": ["autoscaling", "cloudformation"],
}


def clients(worker):
    return {service: boto3.client(service) for service in SERVICES[worker]}


def joined(event, ecs, autoscaling):
    detail, settings = read(event)
    found = registrations(ecs, settings["cluster"], detail["EC2InstanceId"])
    ready = any(one["status"] == "ACTIVE" and one["agentConnected"] for one in found)
    return verdict("Reached") if ready else not_yet(autoscaling, detail)


def draining(event, ecs, autoscaling, cloudformation):
    detail, settings = read(event)
    cluster = settings["cluster"]
    found = registrations(ecs, cluster, detail["EC2InstanceId"])
    arns = [one["containerInstanceArn"] for one in found if one["status"] in ("ACTIVE", "DRAINING")]
    if not arns:
        return verdict("Reached", member=False)
    tasks = [task for arn in arns for task in tasks_on(ecs, cluster, arn)]
    hosted = sorted({task["group"].split(":", 1)[1] for task in tasks if task["group"].startswith("service:")})
    deleting = stack_status(cloudformation, settings["stack"]) == "DELETE_IN_PROGRESS"
    unstable = [one["serviceName"] for one in services(ecs, cluster, hosted) if one["runningCount"] != one["desiredCount"]]
    active = [one["containerInstanceArn"] for one in found if one["status"] == "ACTIVE"]
    if active:
        ecs.update_container_instances_state(cluster=cluster, containerInstances=active, status="DRAINING")
    return verdict("Reached", containerInstances=arns, services=hosted, unstable=unstable, stackDeleting=deleting)


def drained(event, ecs, autoscaling):
    detail, settings = read(event)
    cluster, begun = settings["cluster"], event["draining"]
    tasks = [task for arn in begun["containerInstances"] for task in tasks_on(ecs, cluster, arn)]
    if any(task["lastStatus"] != "STOPPED" for task in tasks):
        return not_yet(autoscaling, detail)
    found = registrations(ecs, cluster, detail["EC2InstanceId"])
    for one in found:
        tasks += tasks_on(ecs, cluster, one["containerInstanceArn"])
    left = [task for task in tasks if task["lastStatus"] != "STOPPED"]
    again = any(one["status"] == "ACTIVE" for one in found)
    return not_yet(autoscaling, detail) if left or again else verdict("Reached")


def stable(event, ecs, autoscaling, cloudformation):
    detail, settings = read(event)
    if detail["LifecycleTransition"].endswith("TERMINATING"):
        begun = event["draining"]
        seen = services(ecs, settings["cluster"], begun["services"])
        worse = [one for one in seen if one["runningCount"] < one["desiredCount"]]
        return not_yet(autoscaling, detail) if worse else verdict("Reached")
    status = stack_status(cloudformation, settings["stack"])
    name = detail["AutoScalingGroupName"]
    groups = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
    states = {one["InstanceId"]: one["LifecycleState"] for one in groups[0]["Instances"]}
    if states.get(detail["EC2InstanceId"]) not in ("Pending", "Pending:Wait"):
        return verdict("Over")
    open_drains = status.endswith("IN_PROGRESS") and "Terminating:Wait" in states.values()
    return not_yet(autoscaling, detail) if open_drains else verdict("Reached")


def complete_action(event, autoscaling, cloudformation):
    detail, settings = read(event)
    try:
        autoscaling.complete_lifecycle_action(**action(detail), LifecycleActionResult=event["result"])
    except botocore.exceptions.ClientError as error:
        if "No active Lifecycle Action" not in str(error):
            raise
        instance = detail["EC2InstanceId"]
        seen = autoscaling.describe_auto_scaling_instances(InstanceIds=[instance])["AutoScalingInstances"]
        if not seen or seen[0]["LifecycleState"] not in ("Pending:Wait", "Pending:Proceed", "InService"):
            return verdict("Over")
    try:
        cloudformation.signal_resource(
            StackName=settings["stack"], LogicalResourceId=settings["resource"],
            UniqueId=detail["EC2InstanceId"], Status="SUCCESS")
    except botocore.exceptions.ClientError as error:
        if "be signaled" not in str(error) and "already exists" not in str(error):
            raise
        return verdict("Reached")
    return verdict("NotYet", waitSeconds=5)


def read(event):
    detail = event["detail"]
    return detail, json.loads(detail["NotificationMetadata"])


def verdict(name, **more):
    return {"verdict": name, "waitSeconds": 0, **more}


def not_yet(autoscaling, detail):
    try:
        autoscaling.record_lifecycle_action_heartbeat(**action(detail))
    except botocore.exceptions.ClientError as error:
        if "No active Lifecycle Action" not in str(error):
            raise
        return verdict("Over")
    return verdict("NotYet", waitSeconds=5)


def action(detail):
    return {
        "AutoScalingGroupName": detail["AutoScalingGroupName"],
        "LifecycleHookName": detail["LifecycleHookName"],
        "LifecycleActionToken": detail["LifecycleActionToken"],
    }


def registrations(ecs, cluster, instance):
    pages = ecs.get_paginator("list_container_instances").paginate(
        cluster=cluster, filter=f"ec2InstanceId == {instance}")
    arns = [arn for page in pages for arn in page["containerInstanceArns"]]
    if not arns:
        return []
    return ecs.describe_container_instances(cluster=cluster, containerInstances=arns)["containerInstances"]


def tasks_on(ecs, cluster, container_instance):
    arns = set()
    for wanted in ("RUNNING", "STOPPED"):
        pages = ecs.get_paginator("list_tasks").paginate(
            cluster=cluster, containerInstance=container_instance, desiredStatus=wanted)
        arns.update(arn for page in pages for arn in page["taskArns"])
    if not arns:
        return []
    return ecs.describe_tasks(cluster=cluster, tasks=sorted(arns))["tasks"]


def services(ecs, cluster, names):
    if not names:
        return []
    return ecs.describe_services(cluster=cluster, services=names)["services"]


def stack_status(cloudformation, name):
    return cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
