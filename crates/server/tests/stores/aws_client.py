"""AWS Secrets Manager through boto3.

    python aws_client.py get NAME | put NAME FILE

Endpoint, region and credentials come from the environment.
"""

import sys

import boto3

client = boto3.client("secretsmanager")
name = sys.argv[2]
if sys.argv[1] == "get":
    print(client.get_secret_value(SecretId=name)["SecretString"], end="")
else:
    with open(sys.argv[3], encoding="utf-8") as file:
        client.put_secret_value(SecretId=name, SecretString=file.read())
