"""moto's AWS on a free port of this machine, with two users whose requests are checked: signature and policy.

Prints one line of JSON: the port, and of each user the two halves of its access key.
"""

import json
import logging
import os

# So many calls make the users; from then on each one needs a signature that fits and a policy that allows it.
os.environ["INITIAL_NO_AUTH_ACTION_COUNT"] = "6"
logging.getLogger("werkzeug").setLevel(logging.CRITICAL)

import boto3  # noqa: E402
from moto.server import ThreadedMotoServer  # noqa: E402

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
iam = boto3.client(
    "iam",
    endpoint_url=f"http://127.0.0.1:{port}",
    region_name="eu-central-1",
    aws_access_key_id="nobody",
    aws_secret_access_key="nobody",
)


def user(name, actions):
    iam.create_user(UserName=name)
    statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName=name, PolicyName="keys", PolicyDocument=policy)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return [key["AccessKeyId"], key["SecretAccessKey"]]


calls = ["GetSecretValue", "CreateSecret", "PutSecretValue", "UpdateSecretVersionStage"]
keeper = user("keeper", [f"secretsmanager:{call}" for call in calls])
reader = user("reader", ["secretsmanager:GetSecretValue"])
print(json.dumps({"port": port, "keeper": keeper, "reader": reader}), flush=True)
server._thread.join()
