"""What the judges of the account on loopback share: the account itself, AWS's clients, and AWS's service models."""
