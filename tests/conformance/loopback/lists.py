"""Lists that come in pages: page by page they must be what they are at once, in the same order."""

from loopback.account import Failed, client


def paged(service, operation, key, size_member, size, **members):
    """All items of a list, asked for in pages of `size`, and the number of pages."""
    paginator = client(service).get_paginator(operation)
    pages = list(paginator.paginate(**members, PaginationConfig={"PageSize": size}) if size_member else paginator.paginate(**members))
    items = [item for page in pages for item in page[key]]
    longest = max(len(page[key]) for page in pages)
    if size_member and longest > size:
        raise Failed(f"{service} {operation}: a page of {longest} items, where at most {size} were asked for")
    return items, len(pages)


def compare(service, operation, key, size, **members):
    """Compares one list at once with the same in pages."""
    whole = getattr(client(service), operation)(**members)[key]
    items, pages = paged(service, operation, key, True, size, **members)
    if items != whole:
        raise Failed(f"{service} {operation} {members}: {len(items)} items in pages of {size}, {len(whole)} at once")
    if len(whole) > size and pages < 2:
        raise Failed(f"{service} {operation}: {len(whole)} items came in one page of {size}")
    return f"{service} {operation} {sorted(members.values(), key=str)}: {len(items)} items in {pages} pages of {size}"


def compare_lists(stack, cluster):
    """Compares every list that has pages, and what filters leave with what they should."""
    ecs, stepfunctions = client("ecs"), client("stepfunctions")
    compared = [
        compare("ecs", "list_clusters", "clusterArns", 1),
        compare("ecs", "list_container_instances", "containerInstanceArns", 1, cluster=cluster),
        compare("ecs", "list_tasks", "taskArns", 2, cluster=cluster),
        compare("ecs", "list_tasks", "taskArns", 2, cluster=cluster, desiredStatus="STOPPED"),
        compare("ecs", "list_tasks", "taskArns", 1, cluster=cluster, serviceName="api"),
        compare("ecs", "list_services", "serviceArns", 1, cluster=cluster),
        compare("autoscaling", "describe_scaling_activities", "Activities", 3, AutoScalingGroupName=cluster),
        compare("autoscaling", "describe_auto_scaling_instances", "AutoScalingInstances", 1),
        events_in_pages(stack),
    ]
    for machine in stepfunctions.list_state_machines()["stateMachines"]:
        arn = machine["stateMachineArn"]
        compared.append(compare("stepfunctions", "list_executions", "executions", 2, stateMachineArn=arn))
        execution = stepfunctions.list_executions(stateMachineArn=arn)["executions"][0]["executionArn"]
        for order in [False, True]:
            compared.append(compare("stepfunctions", "get_execution_history", "events", 7, executionArn=execution, reverseOrder=order))
    compared.append(filtered(ecs, cluster))
    return compared


def events_in_pages(stack):
    """The events of a stack: pages of 100, newest first, none twice."""
    events, pages = paged("cloudformation", "describe_stack_events", "StackEvents", False, 0, StackName=stack)
    ids = [event["EventId"] for event in events]
    times = [event["Timestamp"] for event in events]
    if len(set(ids)) != len(ids) or times != sorted(times, reverse=True):
        raise Failed(f"the events of {stack} come twice, or not newest first")
    return f"cloudformation describe_stack_events: {len(events)} events in {pages} pages, none twice"


def filtered(ecs, cluster):
    """What list_container_instances leaves for each instance's own filter is that instance alone."""
    arns = ecs.list_container_instances(cluster=cluster)["containerInstanceArns"]
    members = ecs.describe_container_instances(cluster=cluster, containerInstances=arns)["containerInstances"]
    for member in members:
        instance = member["ec2InstanceId"]
        for wanted, text in [(True, f"ec2InstanceId == {instance}"), (False, f"ec2InstanceId != {instance}")]:
            found = ecs.list_container_instances(cluster=cluster, filter=text)["containerInstanceArns"]
            rest = [arn for arn in arns if (arn == member["containerInstanceArn"]) == wanted]
            if sorted(found) != sorted(rest):
                raise Failed(f"the filter {text} leaves {found}, wanted {rest}")
    return f"ecs list_container_instances: {2 * len(members)} filters on ec2InstanceId"
