"""What the tests of the account on loopback share: the account itself, AWS's clients, and AWS's service models."""
