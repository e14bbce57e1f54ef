"""AWS Secrets Manager through boto3.

    python aws_client.py get NAME | put NAME FILE

Endpoint, region and credentials come from the environment. The label is always named and moved by hand: moto answers a
question without one, and a new version without one, by an idea of the newest of its own, which no moved label changes.
"""

import sys

import boto3

CURRENT = "AWSCURRENT"

client = boto3.client("secretsmanager")
name = sys.argv[2]
found = client.get_secret_value(SecretId=name, VersionStage=CURRENT)
if sys.argv[1] == "get":
    print(found["SecretString"], end="")
else:
    with open(sys.argv[3], encoding="utf-8") as file:
        put = client.put_secret_value(SecretId=name, SecretString=file.read(), VersionStages=["BYHAND"])
    client.update_secret_version_stage(
        SecretId=name,
        VersionStage=CURRENT,
        MoveToVersionId=put["VersionId"],
        RemoveFromVersionId=found["VersionId"],
    )
