"""Prints a large workload, as `aws ecs describe-services` would: so many services, with so many tasks among them.

usage: large_workload.py SERVICES TASKS > services.json
       ecs-rollout rehearse --workload services.json --instances 1000 --batch 100 --parameters FILE

Where the tasks need it, FILE names a larger EcsInstanceType: an m7g.large has room for eight.
"""

import json
import sys

BALANCED_OF_TEN = 5
"""Of ten services so many are behind a load balancer."""


def service(number: int, desired: int) -> dict:
    """A REPLICA service with ECS's default percentages."""
    balancer = {"targetGroupArn": f"arn:{number}", "containerName": "app", "containerPort": 80}
    return {
        "serviceName": f"service-{number:04}",
        "status": "ACTIVE",
        "schedulingStrategy": "REPLICA",
        "launchType": "EC2",
        "desiredCount": desired,
        "loadBalancers": [balancer] if number % 10 < BALANCED_OF_TEN else [],
        "deploymentConfiguration": {"minimumHealthyPercent": 100, "maximumPercent": 200},
    }


def main() -> None:
    """Spreads the tasks evenly over the services."""
    services, tasks = (int(word) for word in sys.argv[1:])
    each, more = divmod(tasks, services)
    described = [service(number, each + (number < more)) for number in range(services)]
    json.dump({"services": described, "failures": []}, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
