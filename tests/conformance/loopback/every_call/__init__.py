"""Every call that the account serves, through boto3 and the AWS CLI."""
