//! AWS Secrets Manager, with the credentials, the region and the endpoint every AWS tool finds.
//!
//! Check and set: the text is put as a version labelled AWSPENDING, which nobody reads, and then AWSCURRENT is moved
//! to it *from the version that was read*. AWS refuses the move when the label is no longer there.

mod http;

use std::error::Error;

use aws_config::BehaviorVersion;
use aws_sdk_secretsmanager::{
    Client,
    config::{Builder, http::HttpResponse},
    error::{ProvideErrorMetadata, SdkError},
};
use concierge_core::sensitive::Sensitive;

use self::http::{IN_THE_OPEN, InTheOpen, is_in_the_open};
use super::{Fault, Fetched, Version};

const CURRENT: &str = "AWSCURRENT";
const PENDING: &str = "AWSPENDING";
const MOVE: &str = "secretsmanager:UpdateSecretVersionStage";

/// The way to one secret.
#[derive(Debug)]
pub struct Aws {
    name: String,
}

impl Aws {
    pub(super) fn of(name: &str) -> Result<Self, Fault> {
        let is_safe = |c: char| c.is_ascii_alphanumeric() || "/_+=.@-:".contains(c);
        if name.is_empty() || !name.chars().all(is_safe) {
            return Err(Fault::Settings(
                "CONCIERGE_KEY_STORE_NAME must be a secret's name or ARN, such as concierge/production"
                    .to_owned(),
            ));
        }
        Ok(Self {
            name: name.to_owned(),
        })
    }

    /// Each call takes the credentials of its moment: those of a role change every hour.
    async fn client(&self) -> Result<Client, Fault> {
        let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
        if config.region().is_none() {
            return Err(Fault::Settings(
                "set AWS_REGION, or a region in the AWS profile".to_owned(),
            ));
        }
        let config = Builder::from(&config).interceptor(InTheOpen).build();
        Ok(Client::from_conf(config))
    }

    pub(super) async fn fetch(&self) -> Result<Option<Fetched>, Fault> {
        self.read(&self.client().await?).await
    }

    async fn read(&self, client: &Client) -> Result<Option<Fetched>, Fault> {
        // Named, though it is what AWS answers with anyway: moto takes its own idea of the newest for it.
        let asked = client.get_secret_value().secret_id(&self.name);
        let asked = asked.version_stage(CURRENT).send().await;
        let found = match asked.map_err(|error| self.fault(error, "secretsmanager:GetSecretValue"))
        {
            Err(Fault::NotFound(_)) => return Ok(None),
            found => found?,
        };
        match (found.secret_string, found.version_id) {
            (Some(text), Some(version)) => Ok(Some(Fetched {
                text: Sensitive::new(text),
                version: Version(version),
            })),
            _ => Err(Fault::Other("with a secret that is no text".to_owned())),
        }
    }

    pub(super) async fn replace(
        &self,
        text: &str,
        expected: Option<&Version>,
    ) -> Result<Version, Fault> {
        let client = self.client().await?;
        let Some(expected) = expected else {
            return self.create(&client, text).await;
        };
        let version = self.put_pending(&client, text).await?;
        let moved = self.promote(&client, &version, expected).await;
        // Taken or not, it waits for nothing any more. A label that stays behind harms nobody: the next one put
        // takes it over.
        let _ = self.relabel(&client, PENDING, None, Some(&version)).await;
        moved.map(|()| Version(version))
    }

    /// A secret that is there and has no value yet, as Terraform leaves it, is filled.
    async fn create(&self, client: &Client, text: &str) -> Result<Version, Fault> {
        let created = client.create_secret().name(&self.name).secret_string(text);
        let created = created.send().await;
        match created.map_err(|error| self.fault(error, "secretsmanager:CreateSecret")) {
            Ok(created) => created
                .version_id
                .map(Version)
                .ok_or_else(|| Fault::Other("without a version".to_owned())),
            Err(Fault::Conflict) if self.read(client).await?.is_none() => {
                let version = self.put_pending(client, text).await?;
                // AWS gives the very first version the label itself.
                if self.read(client).await?.map(|found| found.version.0) != Some(version.clone()) {
                    self.relabel(client, CURRENT, Some(&version), None).await?;
                }
                Ok(Version(version))
            }
            Err(fault) => Err(fault),
        }
    }

    async fn put_pending(&self, client: &Client, text: &str) -> Result<String, Fault> {
        let put = client.put_secret_value().secret_id(&self.name);
        let put = put.secret_string(text).version_stages(PENDING).send().await;
        put.map_err(|error| self.fault(error, "secretsmanager:PutSecretValue"))?
            .version_id
            .ok_or_else(|| Fault::Other("without a version".to_owned()))
    }

    /// The library asks again when an answer is lost, and then the label may have moved the first time: the version
    /// it is on says who won.
    async fn promote(
        &self,
        client: &Client,
        version: &str,
        expected: &Version,
    ) -> Result<(), Fault> {
        let moved = self.relabel(client, CURRENT, Some(version), Some(&expected.0));
        let Err(fault) = moved.await else {
            return Ok(());
        };
        match self.read(client).await {
            Ok(Some(found)) if found.version.0 == version => Ok(()),
            _ => Err(fault),
        }
    }

    async fn relabel(
        &self,
        client: &Client,
        label: &str,
        to: Option<&str>,
        from: Option<&str>,
    ) -> Result<(), Fault> {
        let moved = client
            .update_secret_version_stage()
            .secret_id(&self.name)
            .version_stage(label)
            .set_move_to_version_id(to.map(str::to_owned))
            .set_remove_from_version_id(from.map(str::to_owned))
            .send()
            .await;
        moved.map(|_| ()).map_err(|error| self.fault(error, MOVE))
    }

    fn fault<E>(&self, error: SdkError<E, HttpResponse>, permission: &str) -> Fault
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        match &error {
            SdkError::ServiceError(refused) => match refused.err().code() {
                Some(code) => self.refused(code, permission),
                // What stands between answers otherwise than AWS does.
                None => Fault::of_status(
                    refused.raw().status().as_u16(),
                    &format!("`{permission}` on {}, and {CREDENTIALS}", self.name),
                ),
            },
            SdkError::TimeoutError(_) => Fault::Timeout,
            _ if is_in_the_open(&error) => Fault::Settings(IN_THE_OPEN.to_owned()),
            _ => match Fault::of_connection(&error) {
                // What the chain says when it ends without any.
                Fault::Unreachable(cause) if cause.contains("credential") => {
                    Fault::Forbidden(CREDENTIALS.to_owned())
                }
                fault => fault,
            },
        }
    }

    /// AWS tells what is wrong by a code; its message may repeat what was sent.
    fn refused(&self, code: &str, permission: &str) -> Fault {
        match code {
            "AccessDeniedException" | "AccessDenied" => {
                Fault::Forbidden(format!("`{permission}` on {}", self.name))
            }
            "UnrecognizedClientException"
            | "InvalidClientTokenId"
            | "InvalidSignatureException"
            | "SignatureDoesNotMatch"
            | "IncompleteSignature"
            | "AuthFailure"
            | "ExpiredTokenException"
            | "MissingAuthenticationToken" => Fault::Forbidden(CREDENTIALS.to_owned()),
            "DecryptionFailure" | "EncryptionFailure" => Fault::Forbidden(format!(
                "`kms:Decrypt` and `kms:GenerateDataKey` on the key of {}",
                self.name
            )),
            "ThrottlingException" | "Throttling" | "TooManyRequestsException" => Fault::Busy,
            "ResourceNotFoundException" => Fault::NotFound(self.name.clone()),
            "ResourceExistsException" => Fault::Conflict,
            // AWSCURRENT is no longer where it was read.
            "InvalidParameterException" if permission == MOVE => Fault::Conflict,
            "InternalServiceError" | "InternalServiceErrorException" => {
                Fault::Unreachable("it answered an error of its own".to_owned())
            }
            "InvalidRequestException" => Fault::Other(
                "that the secret is scheduled for deletion or is rotated by AWS itself".to_owned(),
            ),
            code => Fault::Other(code.to_owned()),
        }
    }
}

const CREDENTIALS: &str =
    "credentials that AWS knows: a role, a profile, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_refused_move_means_that_somebody_else_was_quicker() {
        let aws = Aws::of("concierge/test").unwrap();
        let code = "InvalidParameterException";
        assert_eq!(aws.refused(code, MOVE), Fault::Conflict);
        let put = aws.refused(code, "secretsmanager:PutSecretValue");
        assert_eq!(put, Fault::Other(code.to_owned()));
    }
}
