//! The author of a campaign. The API needs a user, whom the call does not name.

use super::{Official, locations, name_cache::NameList, names, request};
use highlevel_api_client::Request;
use highlevel_core::{
    context::CallContext,
    error::{Code, Error, Result},
};
use serde_json::Value;

impl Official {
    /// The id of the user who becomes the author of a campaign: an admin, if there is one.
    pub(super) async fn author(&self, context: &CallContext) -> Result<String> {
        let users = self.users(context).await?;
        let is_admin = |user: &&Value| user.get("role").and_then(Value::as_str) == Some("admin");
        let author = users.iter().find(is_admin).or(users.first()).and_then(|user| user.get("id")?.as_str());
        author.map(str::to_owned).ok_or_else(|| {
            Error::new(
                Code::Conflict,
                "HighLevel's official API needs a user as the author of a campaign, but the location has no users.",
            )
        })
    }

    pub(super) async fn note_author(&self, request: &Request, context: &CallContext) {
        let user = request.body.as_ref().and_then(|body| body.get("userId")?.as_str()).unwrap_or_default();
        let users = self.names(NameList::Users, context).await;
        let name = names::user_name(&users, user).unwrap_or_else(|| user.to_owned());
        context.note(format!("Created as a draft in the name of {name}. Sending it is done in HighLevel."));
    }

    pub(super) async fn time_zone(&self, context: &CallContext) -> Result<String> {
        let request = locations::location(&self.location);
        let response = self.client.send(&request, context).await.map_err(|failed| failed.error)?;
        let location = request::object(request::body(response)?, "location");
        Ok(request::text(&location, "timezone").unwrap_or("UTC").to_owned())
    }
}
