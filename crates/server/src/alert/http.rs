//! Handlers of the alerts.

use axum::Router;
use concierge_core::{
    alert::{
        AlertId, ChannelId, Rule, RuleId,
        api::{
            AcknowledgeAlert, Acknowledgement, AlertDesk, AlertView, ChangeChannel, ChangeRule,
            ChannelChange, ChannelSaved, DeleteChannel, DeleteRule, GetAlerts, MakeChannel,
            MakeRule, NewChannel, RuleView, TestChannel, Tested,
        },
    },
    api::{Admin, Empty, FreshAdmin},
    problem::ErrorCode,
};

use super::{AlertError, service::By};
use crate::http::{
    App,
    error::ApiError,
    mount::{Context, Reply, mount},
};

/// The routes.
pub fn routes(router: Router<App>) -> Router<App> {
    let router = mount::<GetAlerts, _, _>(router, look);
    let router = mount::<AcknowledgeAlert, _, _>(router, acknowledge);
    let router = mount::<MakeRule, _, _>(router, make_rule);
    let router = mount::<ChangeRule, _, _>(router, change_rule);
    let router = mount::<DeleteRule, _, _>(router, delete_rule);
    let router = mount::<MakeChannel, _, _>(router, make_channel);
    let router = mount::<ChangeChannel, _, _>(router, change_channel);
    let router = mount::<DeleteChannel, _, _>(router, delete_channel);
    mount::<TestChannel, _, _>(router, test_channel)
}

impl From<AlertError> for ApiError {
    fn from(error: AlertError) -> Self {
        match error {
            AlertError::Invalid(fields) => Self::fields(fields),
            AlertError::NotFound => Self::new(ErrorCode::NotFound),
            AlertError::Conflict => Self::new(ErrorCode::Conflict),
            AlertError::Throttled(wait) => Self::retry(ErrorCode::Throttled, wait),
            AlertError::Store(error) => error.into(),
        }
    }
}

fn by<T>(context: &Context<FreshAdmin, T>) -> By<'_> {
    By {
        actor: context.actor.account,
        origin: &context.client.origin,
    }
}

/// An admin is shown by their address, as long as they have an account.
async fn with_address(app: &App, mut view: AlertView) -> AlertView {
    if let Some(Ok(id)) = view.acknowledged_by.as_deref().map(str::parse)
        && let Ok(account) = app.accounts.view(id).await
    {
        view.acknowledged_by = Some(account.email.clone());
    }
    view
}

async fn look(app: App, _: Context<Admin>, _: Empty) -> Result<Reply<AlertDesk>, ApiError> {
    let mut desk = app.alerts.desk().await?;
    let mut shown = Vec::with_capacity(desk.alerts.len());
    for alert in desk.alerts {
        shown.push(with_address(&app, alert).await);
    }
    desk.alerts = shown;
    Ok(Reply::new(desk))
}

async fn acknowledge(
    app: App,
    context: Context<FreshAdmin, AlertId>,
    wanted: Acknowledgement,
) -> Result<Reply<AlertView>, ApiError> {
    let view = app
        .alerts
        .acknowledge(context.target, &wanted, by(&context))
        .await?;
    Ok(Reply::new(with_address(&app, view).await))
}

async fn make_rule(
    app: App,
    context: Context<FreshAdmin>,
    rule: Rule,
) -> Result<Reply<RuleView>, ApiError> {
    Ok(Reply::new(app.alerts.make_rule(rule, by(&context)).await?))
}

async fn change_rule(
    app: App,
    context: Context<FreshAdmin, RuleId>,
    rule: Rule,
) -> Result<Reply<RuleView>, ApiError> {
    let view = app
        .alerts
        .change_rule(context.target, rule, by(&context))
        .await?;
    Ok(Reply::new(view))
}

async fn delete_rule(
    app: App,
    context: Context<FreshAdmin, RuleId>,
    _: Empty,
) -> Result<Reply<Empty>, ApiError> {
    app.alerts.delete_rule(context.target, by(&context)).await?;
    Ok(Reply::new(Empty {}))
}

async fn make_channel(
    app: App,
    context: Context<FreshAdmin>,
    new: NewChannel,
) -> Result<Reply<ChannelSaved>, ApiError> {
    let locale = context.client.locale;
    let made = app.alerts.make_channel(&new, locale, by(&context)).await?;
    Ok(Reply::new(made))
}

async fn change_channel(
    app: App,
    context: Context<FreshAdmin, ChannelId>,
    change: ChannelChange,
) -> Result<Reply<ChannelSaved>, ApiError> {
    let saved = app
        .alerts
        .change_channel(context.target, &change, by(&context))
        .await?;
    Ok(Reply::new(saved))
}

async fn delete_channel(
    app: App,
    context: Context<FreshAdmin, ChannelId>,
    _: Empty,
) -> Result<Reply<Empty>, ApiError> {
    app.alerts
        .delete_channel(context.target, by(&context))
        .await?;
    Ok(Reply::new(Empty {}))
}

async fn test_channel(
    app: App,
    context: Context<FreshAdmin, ChannelId>,
    _: Empty,
) -> Result<Reply<Tested>, ApiError> {
    Ok(Reply::new(
        app.alerts
            .test_channel(context.target, by(&context))
            .await?,
    ))
}
