//! Logging out: the login of the session ends, and with it every refresh token it has had.

use edge::{Call, Outcome, Reply};
use store::PlatformScope;

use crate::logins;

/// Ends the session's login. It works for members whose permissions have just changed, too.
pub async fn logout(call: &Call) -> Outcome {
    let session = call.session()?;
    let scope = PlatformScope::of_auth().tenant(session.tenant(), call.now());
    logins::end_one(call, &scope, session.login(), "logout").await?;
    Ok(Reply::empty(204))
}
